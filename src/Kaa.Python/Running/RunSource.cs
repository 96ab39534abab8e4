using System.Globalization;
using System.Text;

namespace Kaa.Python.Running;

/// <summary>What the code that runs in the target wrote, and what became of it: the kinds of record in the memfd that it writes to.</summary>
public enum RunRecord
{
    Begun = 'b',
    Output = 'o',
    Error = 'e',
    Result = 'r',
    Exception = 'x',
    Done = 'd',
}

/// <summary>
/// The Python that is around a user's code in the target; valid in every version from 2.7 on. It imports nothing (the import lock may be held by a thread that never lets go of it):
/// sys and posix are there already. It leaves nothing behind: its globals are a dict of its own, sys.stdout and sys.stderr are taken back if they are
/// still ours, and where somebody has kept one of ours (a logging handler), it passes on all that it gets.
/// </summary>
public static class RunSource
{
    /// <summary>Bytes of a record in front of its data: the kind, then the length as eight hexadecimal digits.</summary>
    public const int RecordHead = 9;

    private const string Text = """
        __name__ = '__kaa__'
        class Out(object):
            def __init__(self, k, kind, old):
                self._k, self._kind, self._old, self._wrote = k, kind, old, 0
                self.encoding, self.softspace = 'utf-8', 0
            def _mine(self):
                k = self._k
                return k.me is not None and k.ident() == k.me
            def write(self, s):
                if self._mine():
                    self._wrote = 1
                    self._k.put(self._kind, self._k.enc(s))
                    return len(s)
                if self._old is not None:
                    return self._old.write(s)
            def writelines(self, lines):
                for line in lines:
                    self.write(line)
            def flush(self):
                if self._old is not None and not self._mine():
                    self._old.flush()
            def isatty(self):
                return False
            @property
            def buffer(self):
                return Bytes(self) if self._mine() else self._old.buffer
            def __getattr__(self, name):
                return self._old.__getattribute__(name)
        class Bytes(object):
            def __init__(self, out):
                self.out = out
            def write(self, b):
                self.out._wrote = 1
                self.out._k.put(self.out._kind, bytes(b))
                return len(b)
            def flush(self):
                pass
        class Lines(object):
            # What pdb reads its commands from. Whichever thread it is in, what it prints is ours.
            def __init__(self, kaa, pipe):
                self.kaa, self.pipe, self.me, self.enc, self.put = kaa, pipe, 1, kaa.enc, kaa.put
            def ident(self):
                return self.me
            def readline(self):
                line = b''
                while line[-1:] != b'\n':
                    try:
                        byte = self.kaa.p.read(self.pipe, 1)
                    except EnvironmentError:
                        if self.kaa.sys.exc_info()[1].errno != 4:
                            return ''
                        continue
                    if not byte:
                        return ''
                    line += byte
                return line if self.kaa.two else line.decode('utf-8', 'replace')
        class Kaa(object):
            def __init__(self, modules, inp, out, key, data=None):
                self.modules, self.sys, self.p = modules, modules['sys'], modules['posix']
                t = modules.get('_thread') or modules.get('thread') or __import__('thread')
                self.ident, self.me = t.get_ident, None
                self.inp, self.out, self.data, self.files = inp, out, data, [inp, out]
                self.builtins = modules.get('builtins') or modules.get('__builtin__')
                self.two, self.ns, self.globals = self.sys.version_info[0] == 2, None, globals()
                self.key, self.over, self.traced = key, False, []
            def put(self, kind, data):
                data = kind + ('%08x' % len(data)).encode('ascii') + data
                while data and self.files:
                    data = data[self.p.write(self.out, data):]
            def enc(self, s):
                if not self.two:
                    return s.encode('utf-8', 'backslashreplace')
                return s.encode('utf-8') if isinstance(s, unicode) else str(s)
            def read(self):
                if self.data is not None:
                    return self.data
                self.p.lseek(self.inp, 0, 0)
                parts = [self.p.read(self.inp, 1 << 20)]
                while parts[-1]:
                    parts.append(self.p.read(self.inp, 1 << 20))
                return b''.join(parts)
            def run(self):
                flags, name, source = self.read().split(b'\n', 2)
                if not self.two:
                    flags, name = flags.decode(), name.decode('utf-8', 'surrogateescape')
                sys = self.sys
                old = getattr(sys, 'stdout', None), getattr(sys, 'stderr', None)
                new = Out(self, b'o', old[0]), Out(self, b'e', old[1])
                self.me = self.ident()
                self.put(b'b', b'')
                sys.stdout, sys.stderr, goes_on, self.over = new[0], new[1], False, False
                try:
                    try:
                        goes_on = self.code(source, name, flags)
                    except:
                        self.over = True
                        self.report(sys.exc_info(), new[1])
                finally:
                    self.end(old, new)
                if not goes_on:
                    self.leave(flags)
            def leave(self, flags):
                self.put(b'd', b'')
                if 'q' in flags or self.is_left():
                    self.ns = None
                    for file in self.files:
                        self.p.close(file)
                    self.files = []
            def interrupt(self, frame):
                # Called by a script between two instructions of the code, or of what that calls (PEP 768).
                if self.over:
                    return
                if not self.traced:
                    self.traced = [self.sys.gettrace()]
                run, handlers = self.run.__func__.__code__, self.handlers()
                def trace(frame, event, arg):
                    # Not in what the interpreter calls in between: it is none of the code's.
                    at = frame
                    while at is not None and at.f_code is not run and at.f_code not in handlers and at.f_code.co_name != '__del__':
                        at = at.f_back
                    if not self.over and at is not None and at.f_code is run and frame.f_globals is not self.globals:
                        raise KeyboardInterrupt
                while frame is not None and frame.f_code is not run:
                    if frame.f_globals is not self.globals:
                        frame.f_trace = trace
                        frame.f_trace_opcodes = True
                    frame = frame.f_back
                self.sys.settrace(trace)
            def handlers(self):
                codes, signal = [], self.modules.get('_signal')
                for number in range(1, 65) if signal else ():
                    try:
                        handler = signal.getsignal(number)
                    except ValueError:
                        continue
                    for one in (handler, getattr(handler, '__func__', None), getattr(type(handler), '__call__', None)):
                        codes.append(getattr(one, '__code__', None))
                return codes
            def is_left(self):
                if self.data is not None:
                    return False
                self.p.lseek(self.inp, 0, 0)
                return self.p.read(self.inp, 6) == b'#left\n'
            def end(self, old, new):
                self.over = True
                for wait in (0, 1):
                    pass # a script that Kaa has asked for comes here at the latest: its file is closed soon
                if self.traced:
                    self.sys.settrace(self.traced.pop())
                while self.me is not None:
                    try:
                        if self.sys.stdout is new[0]:
                            self.sys.stdout = old[0]
                        if self.sys.stderr is new[1]:
                            self.sys.stderr = old[1]
                        self.me = None
                    except:
                        pass
            def space(self, flags):
                if 'm' in flags:
                    return self.modules['__main__'].__dict__
                if self.ns is None:
                    self.ns = {'__name__': '__kaa__', '__builtins__': self.builtins, 'sys': self.sys, '__main__': self.modules.get('__main__')}
                return self.ns
            def code(self, source, name, flags):
                if 'p' in flags:
                    return self.debug(int(source))
                if self.two and source[:3] != b'\xef\xbb\xbf':
                    source = b'\xef\xbb\xbf' + source
                tree = compile(source, name, 'exec', 0x400, 1)
                last = tree.body.pop().value if tree.body and type(tree.body[-1]).__name__ == 'Expr' else None
                ns = self.space(flags)
                if tree.body:
                    exec(compile(tree, name, 'exec', 0, 1), ns)
                if last is not None:
                    tree = compile('0', name, 'eval', 0x400, 1)
                    tree.body = last
                    value = eval(compile(tree, name, 'eval', 0, 1), ns)
                    if value is not None:
                        if 's' in flags:
                            ns['_'] = value
                        self.put(b'r', self.enc(repr(value)))
            def debug(self, pipe):
                frame = self.sys._getframe()
                while frame is not None and frame.f_globals is self.globals:
                    frame = frame.f_back
                self.files.append(pipe)
                if frame is None:
                    raise RuntimeError('the thread runs no Python code')
                debugger = self.debugger(Lines(self, pipe))
                debugger.reset()
                debugger.set_step()
                outer = frame
                while outer is not None:
                    outer.f_trace, debugger.botframe = debugger.trace_dispatch, outer
                    outer = outer.f_back
                debugger.interaction(frame, None)
                if not debugger.over and debugger.stoplineno == -1 and not debugger.breaks:
                    debugger.do_quit('')
                if not debugger.over:
                    self.sys.settrace(debugger.trace_dispatch)
                return True
            def debugger(self, lines):
                # readline would take hold of the program's terminal.
                has = 'readline' in self.modules
                if not has:
                    self.modules['readline'] = None
                try:
                    import pdb
                    kaa = self
                    class Debugger(pdb.Pdb):
                        over = False
                        def do_quit(self, arg):
                            if not self.over:
                                self.over = True
                                self.clear_all_breaks()
                                self.set_continue()
                                kaa.leave('q')
                            return 1
                        do_q = do_exit = do_EOF = do_quit
                        # These would ask the program's own terminal, or start it anew.
                        def do_clear(self, arg):
                            return pdb.Pdb.do_clear(self, arg) if arg else self.clear_all_breaks()
                        def do_interact(self, arg):
                            self.stdout.write('*** not here: kaa repl opens a prompt\n')
                        def do_run(self, arg):
                            self.stdout.write('*** not here: the program can not be started anew\n')
                        do_cl, do_restart = do_clear, do_run
                    options = {} if self.two else {'nosigint': True, 'readrc': False}
                    debugger = Debugger(stdin=lines, stdout=Out(lines, b'o', None), skip=['__kaa__'], **options)
                    debugger.rcLines = []
                    return debugger
                finally:
                    if not has:
                        self.modules.pop('readline', None)
            def report(self, info, err):
                kind, value, tb = info
                while tb is not None and tb.tb_frame.f_globals is self.globals:
                    tb = tb.tb_next
                if not self.two:
                    value = value.with_traceback(tb)
                out = Out(self, b'x', None)
                self.sys.stderr = out
                try:
                    self.sys.__excepthook__(kind, value, tb)
                finally:
                    if self.sys.stderr is out:
                        self.sys.stderr = err
                if not out._wrote:
                    self.put(b'x', self.enc(kind.__name__))

        """;

    /// <summary>The source that makes a session in its globals, where <c>modules</c> is, and runs its first input.</summary>
    /// <param name="input">Descriptor of the memfd that inputs are read from.</param>
    /// <param name="key">By which <see cref="Interruption"/> knows it again.</param>
    public static string First(int input, int output, string key) =>
        Text + string.Create(CultureInfo.InvariantCulture, $"K = Kaa(modules, {input}, {output}, '{key}')\nK.run()\n");

    /// <summary>The source that runs a later input of the session.</summary>
    public const string Next = "K.run()\n";

    /// <summary>A script that stands for itself (PEP 768): the input is in it.</summary>
    public static byte[] Script(int process, int input, int output, string key, ReadOnlySpan<byte> content)
    {
        var text = new StringBuilder("import sys\nmodules = sys.modules\n").Append(Text);
        text.Append(CultureInfo.InvariantCulture, $"modules['posix'].getpid() == {process} and Kaa(modules, {input}, {output}, '{key}', b'");
        foreach (byte one in content)
            text.Append(CultureInfo.InvariantCulture, $"\\x{one:x2}");
        return Encoding.UTF8.GetBytes(text.Append("').run()\n").ToString());
    }

    /// <summary>The function around the code, as a frame has it that <see cref="Interruption"/> finds.</summary>
    public static bool IsAround(string? name, string? file) => name == "code" && file == "<string>";

    /// <summary>A script (PEP 768) for the thread that is in the code: it raises KeyboardInterrupt at its next instruction. In any other code it does nothing.</summary>
    /// <param name="isLast">No input comes any more: the session's descriptors are closed when the code is over.</param>
    public static byte[] Interruption(string key, bool isLast) => Encoding.UTF8.GetBytes((isLast ? "#left\n" : "") + $"""
        import sys
        here = frame = sys._getframe().f_back
        while frame is not None and not (frame.f_code.co_name == 'run' and 'Kaa' in frame.f_globals and frame.f_code.co_filename == '<string>'):
            frame = frame.f_back
        if frame is not None and frame.f_locals['self'].key == '{key}':
            frame.f_locals['self'].interrupt(here)

        """);

    /// <summary>What the memfd of inputs holds for one run.</summary>
    /// <param name="name">The file's name, as tracebacks show it.</param>
    /// <param name="session">The value of a final expression is kept as <c>_</c>.</param>
    /// <param name="last">Descriptors are closed and the namespace let go of when it is done.</param>
    public static byte[] Input(ReadOnlySpan<byte> source, string name, bool inMain, bool session, bool last) =>
        Input((inMain ? "m" : "") + (session ? "s" : "") + (last ? "q" : ""), name, source);

    /// <summary>What it holds for a session of pdb.</summary>
    /// <param name="pipe">Descriptor that commands are read from.</param>
    public static byte[] Debugger(int pipe) => Input("pq", "pdb", Encoding.ASCII.GetBytes(pipe.ToString(CultureInfo.InvariantCulture)));

    private static byte[] Input(string flags, string name, ReadOnlySpan<byte> source)
    {
        byte[] head = Encoding.UTF8.GetBytes(flags + "\n" + name.Replace('\n', '?') + "\n");
        return [.. head, .. source];
    }
}

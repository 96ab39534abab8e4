namespace Kaa.Formats;

/// <summary>Every cap on data that we did not make ourselves, in one place. Each is far above what real programs have.</summary>
public static class Limits
{
    /// <summary>How long a regular expression of a condition may take on one text: a pattern can be made to take for ever, and a thread waits for it. Plain ones take microseconds.</summary>
    public static readonly TimeSpan PatternTime = TimeSpan.FromMilliseconds(100);

    /// <summary>Program headers of one ELF image; the largest seen in the field have under 20.</summary>
    public const int ElfProgramHeaders = 1_000;

    /// <summary>Sections of one ELF file; -ffunction-sections objects can have thousands.</summary>
    public const int ElfSections = 100_000;

    /// <summary>Lines of one /proc/PID/maps; the kernel's own default for vm.max_map_count is 65,530.</summary>
    public const int Mappings = 2_000_000;

    /// <summary>Bytes of one text of the kernel; maps with <see cref="Mappings"/> lines has about as many.</summary>
    public const int KernelText = 256 << 20;

    /// <summary>Entries of an auxiliary vector; the kernel writes about 25.</summary>
    public const int AuxiliaryEntries = 1_000;

    /// <summary>Entries of a dynamic section; real ones have about 30.</summary>
    public const int ElfDynamicEntries = 10_000;

    /// <summary>Symbols that share a hash bucket; linkers aim at fewer than four.</summary>
    public const int ElfHashChain = 100_000;

    /// <summary>Bytes of one PT_NOTE segment or SHT_NOTE section that is searched for a build-id; real ones have under 1,000.</summary>
    public const int ElfNoteSegment = 1 << 20;

    /// <summary>Version definitions, or needs, of one module; glibc has some 50.</summary>
    public const int ElfVersions = 10_000;

    /// <summary>Relocations of one table that are looked through; a browser's libraries have some 300,000.</summary>
    public const int ElfRelocations = 20_000_000;

    /// <summary>Entries of /etc/ld.so.cache; a full desktop has some 5,000.</summary>
    public const int LoaderCacheEntries = 500_000;

    /// <summary>Bytes of /etc/ld.so.cache.</summary>
    public const int LoaderCache = 64 << 20;

    /// <summary>Libraries that loading one would bring in.</summary>
    public const int LoadedClosure = 10_000;

    /// <summary>Bytes of code of one module that are searched for calls; Chromium's, the largest known, has some 200 MB.</summary>
    public const long SearchedCode = 1L << 30;

    /// <summary>Places that one search for calls of a function keeps of one module.</summary>
    public const int CodeReferences = 1_000_000;

    /// <summary>Bytes that a package manager may answer.</summary>
    public const int ProgramOutput = 64 << 20;

    /// <summary>Symbols of one table; a browser with all its symbols has some millions.</summary>
    public const int ElfSymbols = 50_000_000;

    /// <summary>Bytes of one section once it is inflated.</summary>
    public const int ElfSection = 1 << 30;

    /// <summary>Bytes of a section's name that are kept; real ones have under 40.</summary>
    public const int SectionName = 256;

    /// <summary>Symbols that are looked at below an address for one that reaches up to it.</summary>
    public const int NestedSymbols = 64;

    /// <summary>Bytes of one name in an ELF string table; C++ mangles long ones.</summary>
    public const int SymbolName = 16_384;

    /// <summary>Bytes of one DWARF unit; those of link-time optimised browsers come near 100 MB.</summary>
    public const int DwarfUnit = 256 << 20;

    /// <summary>Units of one file; a browser has some 50,000.</summary>
    public const int DwarfUnits = 500_000;

    /// <summary>How often the whole of .debug_abbrev may be read, as it were, before a file counts as made to waste time; a good one is read once.</summary>
    public const int DwarfAbbreviationPasses = 256;

    /// <summary>Types inside types by value, typedefs of typedefs and so on; real chains are under 15 deep.</summary>
    public const int DwarfTypeDepth = 64;

    /// <summary>Bytes of one struct or array.</summary>
    public const long DwarfTypeSize = 1L << 40;

    /// <summary>Members, nested ones included, of the structs that are asked for; _PyRuntimeState of 3.12 has some 5,000.</summary>
    public const int DwarfMembers = 500_000;

    /// <summary>Pages of 4 KiB that one look keeps before it begins afresh: 12 MiB, of the 25 that Kaa may use.</summary>
    public const int CachedPages = 3_072;

    /// <summary>Bytes of one writable segment that is searched: libraries with a gigabyte of static data do not hold an interpreter.</summary>
    public const ulong ElfDataSegment = 1ul << 30;

    /// <summary>Threads of one process; the kernel's own bound on pids is 4,194,304.</summary>
    public const int KernelThreads = 4_194_304;

    /// <summary>Threads of one interpreter.</summary>
    public const int PythonThreads = 100_000;

    /// <summary>Characters of a thread's name.</summary>
    public const int ThreadName = 1_000;

    /// <summary>Interpreters of one process.</summary>
    public const int Interpreters = 10_000;

    /// <summary>Frames of one thread; recursion of 1,000,000 is possible when the limit was lifted.</summary>
    public const int Frames = 2_000_000;

    /// <summary>Characters of a function's or file's name.</summary>
    public const int CodeName = 32_768;

    /// <summary>Code objects that a trace keeps; a large program runs some ten thousand, and one that makes code all the time should not fill our memory.</summary>
    public const int KeptCodes = 50_000;

    /// <summary>Bytes of one code object's line table or bytecode.</summary>
    public const int CodeTable = 64 << 20;

    /// <summary>Bytes of one code object's instructions that are followed; the largest of the standard library have under 100,000.</summary>
    public const int Bytecode = 1 << 20;

    /// <summary>Instructions that are followed in one code object, each once for every state of the stack.</summary>
    public const int BytecodeSteps = 2 << 20;

    /// <summary>States of the value stack in which one instruction can be met; code of 2.7 to 3.8 has up to four in a <c>finally</c>.</summary>
    public const int StackStates = 32;

    /// <summary>
    /// Frames of one stack that stand on the same instruction and are in no C function, after which the rest is taken for such too: Python's own
    /// limit of recursion.
    /// </summary>
    public const int FramesInNoBuiltin = 1_000;

    /// <summary>Variables of one frame.</summary>
    public const int Locals = 100_000;

    /// <summary>How deep containers are followed when a value is printed.</summary>
    public const int ValueDepth = 100;

    /// <summary>How deep brackets of an expression may nest that a person types.</summary>
    public const int ExpressionDepth = 200;

    /// <summary>Items in a row that a debugger prints, or units that it examines; a screen has some fifty lines.</summary>
    public const int PrintedItems = 100_000;

    /// <summary>Bytes of one C string that a debugger prints whatever <c>set print elements</c> says.</summary>
    public const int PrintedText = 1 << 20;

    /// <summary>Instructions of one function that are disassembled.</summary>
    public const int Instructions = 200_000;

    /// <summary>Functions that <c>info functions</c> lists of one module.</summary>
    public const int ListedFunctions = 100_000;

    /// <summary>Lines of a script that a debugger runs.</summary>
    public const int ScriptLines = 1_000_000;

    /// <summary>Scripts that run one another.</summary>
    public const int ScriptDepth = 50;

    /// <summary>Items of a slice that are read; a person reads a few.</summary>
    public const int SliceItems = 100_000;

    /// <summary>Bytes of a C string, or of two stretches of memory, that a condition compares; a path has 4,096 at most.</summary>
    public const int ConditionText = 65_536;

    /// <summary>Bytes of one source file; CPython's own largest have half a million.</summary>
    public const int SourceFile = 16 << 20;

    /// <summary>Characters of one line of source that are shown.</summary>
    public const int SourceLine = 4_096;

    /// <summary>Bytes of a zip file's directory; a pex with all of a large application has a few million.</summary>
    public const int ZipDirectory = 64 << 20;

    /// <summary>Parts of a path that are tried as an archive.</summary>
    public const int PathParts = 128;

    /// <summary>Bytes of a type's <c>tp_name</c>; longer ones are cut.</summary>
    public const int TypeName = 4_096;

    /// <summary>Types in one method resolution order, and types above one another.</summary>
    public const int TypeDepth = 1_000;

    /// <summary>Entries of one dict that are looked at, deleted and unset ones included (24 MB of a table).</summary>
    public const int DictEntries = 1_000_000;

    /// <summary>Internal digits of an int whose decimal text is made: 120,000 bits, 36,000 decimal digits.</summary>
    public const int IntDigits = 4_000;

    /// <summary>Attributes of one instance, and slots of one type.</summary>
    public const int Attributes = 100_000;

    /// <summary>Bytes of one text that are looked at for its quotes and its length.</summary>
    public const int TextScan = 1 << 20;

    /// <summary>Counts of one collections.Counter that are put in order.</summary>
    public const int CounterItems = 10_000;

    /// <summary>Parts of a path that was not joined yet.</summary>
    public const int PathSegments = 1_000;

    /// <summary>Words of a decimal.Decimal's coefficient, 19 digits each.</summary>
    public const int DecimalWords = 2_000;

    /// <summary>Entries of one module's frame table; Chromium's, the largest known, has about 600,000.</summary>
    public const int FrameEntries = 10_000_000;

    /// <summary>Bytes of one CIE or FDE.</summary>
    public const int FrameEntryBytes = 1 << 20;

    /// <summary>Rows that DW_CFA_remember_state may stack; compilers nest a few.</summary>
    public const int RememberedRows = 64;

    /// <summary>Operations that one DWARF expression may take.</summary>
    public const int ExpressionSteps = 10_000;

    /// <summary>C frames of one thread; Python recursion without a limit can reach hundreds of thousands up to 3.10.</summary>
    public const int NativeFrames = 1_000_000;

    /// <summary>Bytes of memory that one unpacking may take: <c>xz -9</c> takes 65 MB, <c>zstd --ultra -22</c> 128 MB.</summary>
    public const ulong UnpackingMemory = 256 << 20;

    /// <summary>Exponent of the window that zstd looks back in: 128 MiB, which is also the library's own bound.</summary>
    public const int ZstdWindowLog = 27;

    /// <summary>Names for one address that are weighed against each other; glibc has up to six.</summary>
    public const int SymbolAliases = 256;

    /// <summary>Addresses whose functions and lines are kept before all are forgotten; 2,000 frames deep in 10 threads share most of them.</summary>
    public const int SymbolizedAddresses = 50_000;

    /// <summary>Ranges of code of one list or index; a browser's units have some 3,000,000 in all.</summary>
    public const int DwarfRanges = 10_000_000;

    /// <summary>Calls inlined into each other at one address; Rust reaches some 60.</summary>
    public const int InlinedCalls = 1_000;

    /// <summary>Directories or files of one line number program.</summary>
    public const int DwarfLineFiles = 1_000_000;

    /// <summary>Rows of one line number program; a generated source of a million lines has some millions.</summary>
    public const int DwarfLineRows = 8_000_000;

    /// <summary>Rows that are kept of units that were asked for before, of 16 bytes each.</summary>
    public const int DwarfKeptRows = 200_000;

    /// <summary>Bytes of units that are kept loaded, beyond the few that are needed at once.</summary>
    public const int DwarfLoadedUnits = 4 << 20;

    /// <summary>Bytes that a .gnu_debugdata section may unpack to; those of the largest libraries have some 10 MB.</summary>
    public const int MiniDebugInfo = 256 << 20;

    /// <summary>How deep parts of one mangled name may be nested; real ones stay under 60.</summary>
    public const int DemanglingDepth = 256;

    /// <summary>Parts of one mangled name.</summary>
    public const int DemangledParts = 20_000;

    /// <summary>Characters of one demangled name: substitutions can double it at every step.</summary>
    public const int DemangledName = 64 << 10;

    /// <summary>Notes of one core: each thread has half a dozen.</summary>
    public const int CoreNotes = 5_000_000;

    /// <summary>Threads of one core.</summary>
    public const int CoreThreads = 500_000;

    /// <summary>Bytes of one note of a core that is read; the kernel ends NT_FILE at 4 MiB (MAX_FILE_NOTE_SIZE, fs/binfmt_elf.c).</summary>
    public const int CoreNote = 64 << 20;

    /// <summary>Bytes of a note's name.</summary>
    public const int CoreNoteName = 256;

    /// <summary>Notes of a core that are nobody's of the kernel's.</summary>
    public const int CoreVendorNotes = 10_000;

    /// <summary>Damaged notes of a core that are passed over before the whole is called damaged.</summary>
    public const int CoreDamages = 100;

    /// <summary>Bytes of a command line; the kernel allows an argument 128 KiB, and all of them a quarter of the stack.</summary>
    public const int CommandLine = 2 << 20;

    /// <summary>Arguments and variables of a program's start.</summary>
    public const int StartStrings = 1_000_000;

    /// <summary>Modules that a dynamic linker's list may name.</summary>
    public const int LinkedModules = 100_000;

    /// <summary>Bytes of a path.</summary>
    public const int Path = 4_096;

    /// <summary>Bytes of one thread's C stack that are copied; the usual stacks are 8 MiB, most of it never used.</summary>
    public const int StackCopy = 64 << 20;

    /// <summary>Bytes of C stacks that one look copies.</summary>
    public const long StackCopies = 256L << 20;

    /// <summary>Bytes of a function that are searched for the instruction that makes its frame, and for its jumps.</summary>
    public const int FunctionText = 1 << 20;

    /// <summary>Bytes that a compressed core may unpack to.</summary>
    public const long UnpackedCore = 256L << 30;

    /// <summary>Tasks, greenlets, or places in the table of a set of them.</summary>
    public const int Tasks = 4_000_000;

    /// <summary>Objects that one list of the collector's may name; each takes 32 bytes at least.</summary>
    public const int TrackedObjects = 500_000_000;

    /// <summary>Callbacks of one future that are looked at.</summary>
    public const int TaskCallbacks = 100_000;

    /// <summary>Futures between a task and the one that waits for it: gather in gather and so on.</summary>
    public const int FutureDepth = 64;

    /// <summary>Bytes of one file of a package database or its log that are read; Debian's list of all its packages has 50 million.</summary>
    public const long PackageDatabase = 256L << 20;

    /// <summary>Bytes of a debug file that a debuginfod server may send; those of browsers and kernels have up to 2 GiB.</summary>
    public const long DebugDownload = 4L << 30;

    /// <summary>Files of a package database's directory; Debian has some five for each package.</summary>
    public const int Packages = 200_000;

    /// <summary>Frames of recorded events whose names and lines are kept; each takes a few hundred bytes.</summary>
    public const int RecordedFrames = 200_000;

    /// <summary>Bytes of a function that are decoded to see whether a branch of it leads to where it is to be hooked.</summary>
    public const int HookedFunction = 1 << 20;

    /// <summary>Bytes of a module's code that are searched for branches to where it is to be hooked.</summary>
    public const ulong HookedModule = 1 << 30;

    /// <summary>Bytes of a thread's stack that are searched for program counters which a signal handler goes back to.</summary>
    public const int HookedStack = 1 << 20;

    /// <summary>Frames of one stack that an agent records.</summary>
    public const int RecordedStack = 100_000;
}

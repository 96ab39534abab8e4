# Writes what an interpreter itself says of its line tables: run with each version, as
#   python generate.py > lines-3.11.json
# PyCode_Addr2Line is what frame.f_lineno comes from; co_positions() gives the columns.
import ctypes
import json
import sys

addr2line = ctypes.pythonapi.PyCode_Addr2Line
addr2line.argtypes = [ctypes.py_object, ctypes.c_int]
addr2line.restype = ctypes.c_int

SOURCE = '''
import os

def plain(a, b=2):
    total = a
    for i in range(b):
        total += i
    return total

def many_lines(f):
    return f(
        1,
        key=(lambda x:
             x + 1),
        other=[y
               for y in range(3)
               if y],
    )

@os.path.join
@os.path.split
def decorated():
    with open("x") as f, open(
            "y") as g:
        try:
            f.read(); g.read()
        except (ValueError,
                KeyError) as e:
            raise
        finally:
            g.close()

class C(object):
    x = 1

    def generator(self):
        while True:
            got = (yield
                   self.x)
            if not got:
                continue
            yield got

def far_away():
    a = 1
''' + '\n' * 400 + '''
    b = 2
    return (a +
''' + '\n' * 130 + '''
            b)

def wide():
    return [''' + ', '.join('f%d(%d)' % (i, i) for i in range(50)) + ''']

def wide_backwards(f):
    return f(''' + ''.join('f%d(\n%d), ' % (i, i) for i in range(12)) + ''')
'''


def codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            for inner in codes(constant):
                yield inner


def changes(values):
    last = object()
    for offset, value in values:
        if value != last:
            yield [offset, value]
        last = value


def describe(code):
    table = code.co_linetable if sys.version_info >= (3, 10) else code.co_lnotab
    size = len(code.co_code)
    lines = [(offset, addr2line(code, offset)) for offset in [-1] + list(range(0, size, 2 if sys.version_info >= (3, 6) else 1))]
    result = {
        'name': code.co_name,
        'firstLine': code.co_firstlineno,
        'table': ''.join('%02x' % b for b in bytearray(table)),
        'size': size,
        'lines': list(changes((offset, line if line >= 0 else None) for offset, line in lines)),
    }
    if hasattr(code, 'co_positions'):
        positions = [(2 * i, list(p)) for i, p in enumerate(code.co_positions())]
        result['positions'] = list(changes(positions))
    return result


print('[\n' + ',\n'.join(json.dumps(describe(c), sort_keys=True) for c in codes(compile(SOURCE, 'vector.py', 'exec'))) + '\n]')

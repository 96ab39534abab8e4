/* An extension module of CPython's, 2.7 and 3, with the mistake that a name may be None: then it reads from address 0. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

struct record {
    const char *name;
    long weight;
};

static __attribute__((noinline)) long weigh(const struct record *record, long factor)
{
    return record->name[0] * record->weight * factor; /* crashes here */
}

static PyObject *total(PyObject *self, PyObject *args)
{
    PyObject *records;
    long factor, sum = 0;
    Py_ssize_t i;
    (void)self;
    if (!PyArg_ParseTuple(args, "Ol", &records, &factor))
        return NULL;
    for (i = 0; i < PySequence_Size(records); i++) {
        struct record record;
        PyObject *item = PySequence_GetItem(records, i);
        if (item == NULL || !PyArg_ParseTuple(item, "zl", &record.name, &record.weight))
            return NULL;
        sum += weigh(&record, factor);
        Py_DecRef(item);
    }
    return PyLong_FromLong(sum);
}

static PyMethodDef methods[] = {
    {"total", total, METH_VARARGS, "total(records, factor)"},
    {NULL, NULL, 0, NULL},
};

#if PY_MAJOR_VERSION < 3
PyMODINIT_FUNC initcrashing(void)
{
    Py_InitModule("crashing", methods);
}
#else
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "crashing", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_crashing(void)
{
    return PyModule_Create(&definition);
}
#endif

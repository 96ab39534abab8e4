#include "leak.c"

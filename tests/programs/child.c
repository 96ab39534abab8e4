// A program to exec: ends with the status that it is told.
#include <stdlib.h>

int main(int argc, char **argv) { return argc == 2 ? atoi(argv[1]) : 99; }

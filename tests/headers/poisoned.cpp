// SPDX-License-Identifier: MIT
// The library's headers, after the macros of less considerate ones.
#include "foreign_headers.hpp"

#define I poisoned
#define small poisoned
#define near poisoned
#define far poisoned
#define B0 poisoned
#define major poisoned
#define minor poisoned
#define interface poisoned
#define IN poisoned
#define OUT poisoned
#define check(x) poisoned

#include "all_headers.hpp"

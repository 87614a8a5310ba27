// jansson for Swift. It needs no typed functions of its own.
#pragma once
#include <jansson.h>

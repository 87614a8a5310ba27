// jansson for Swift, as it is.
#pragma once
#include <jansson.h>

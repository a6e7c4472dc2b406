#pragma once

#include <string_view>

#include "status.h"

namespace lloyal {

// Refuses a GBNF text that llama.cpp's recursive parser should not meet: too long, too deep, too many rules, or
// visibly unbalanced (it prints those to stderr). Also one that names token ids, an extension that no other backend
// reads. Anything else is left for the parser to judge.
Status check_grammar_limits(std::string_view gbnf);

} // namespace lloyal

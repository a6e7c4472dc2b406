#pragma once

#include <string_view>

#include "status.h"

namespace lloyal {

// Refuses a GBNF text that costs too much to look at: too long, too deep, too many rules, too many repetitions. Also one
// that names token ids, an extension that no other backend reads. Anything else is left for the parser to judge.
Status check_grammar_limits(std::string_view gbnf);

} // namespace lloyal

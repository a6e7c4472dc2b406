#pragma once

#include <filesystem>

// What is asked of the system's loader; used where the backends are libraries of their own.
namespace lloyal {

// The folder of the library that this code is linked into.
std::filesystem::path own_folder();

// How well a CPU library suits this machine, in ggml's own words: 0 where it cannot run, 1 where it does not say.
int cpu_score(const std::filesystem::path& library);

} // namespace lloyal

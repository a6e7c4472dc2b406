#include "own_library.h"

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace lloyal {
namespace {

using Score = int (*)();

#ifdef _WIN32

int score_of(HMODULE library) {
  const auto score = reinterpret_cast<Score>(GetProcAddress(library, "ggml_backend_score"));
  return score ? score() : 1;
}

#else

int score_of(void* library) {
  const auto score = reinterpret_cast<Score>(dlsym(library, "ggml_backend_score"));
  return score ? score() : 1;
}

#endif

} // namespace

#ifdef _WIN32

std::filesystem::path own_folder() {
  HMODULE own = nullptr;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                     reinterpret_cast<LPCWSTR>(&own_folder), &own);
  wchar_t path[32768];
  return std::filesystem::path(path, path + GetModuleFileNameW(own, path, 32768)).parent_path();
}

int cpu_score(const std::filesystem::path& path) {
  HMODULE library = LoadLibraryW(path.c_str());
  if (!library) return 0;
  const int score = score_of(library);
  FreeLibrary(library);
  return score;
}

#else

std::filesystem::path own_folder() {
  Dl_info own = {};
  dladdr(reinterpret_cast<void*>(&own_folder), &own);
  return std::filesystem::absolute(own.dli_fname).parent_path();
}

int cpu_score(const std::filesystem::path& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return 0;
  const int score = score_of(library);
  dlclose(library);
  return score;
}

#endif

} // namespace lloyal

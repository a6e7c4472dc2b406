#include "backends.h"

#ifndef LLOYAL_DYNAMIC_BACKENDS

namespace lloyal {

void load_backends() {}

std::string library_of(ggml_backend_reg_t) {
  return "";
}

} // namespace lloyal

#else

#include <filesystem>
#include <unordered_map>
#include <vector>

#include "own_library.h"

namespace lloyal {
namespace {

namespace fs = std::filesystem;

std::unordered_map<ggml_backend_reg_t, std::string>& libraries() {
  static std::unordered_map<ggml_backend_reg_t, std::string> all;
  return all;
}

#ifdef _WIN32
const std::string prefix = "ggml-";
const std::string extension = ".dll";
#else
const std::string prefix = "libggml-";
const std::string extension = ".so"; // of modules, on macOS too
#endif

std::vector<fs::path> libraries_of(const fs::path& folder, const std::string& family) {
  std::vector<fs::path> found;
  std::error_code unreadable; // as good as empty
  for (const auto& entry : fs::directory_iterator(folder, unreadable)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind(prefix + family + "-", 0) == 0 && entry.path().extension() == extension)
      found.push_back(entry.path());
  }
  return found;
}

void load(const fs::path& library) {
  ggml_backend_reg_t backend = ggml_backend_load(library.string().c_str());
  if (backend) libraries()[backend] = library.filename().string();
}

} // namespace

void load_backends() {
  // A second addon of the same build shares these libraries, and what they have registered.
  if (ggml_backend_reg_count() > 0) return;
  const fs::path folder = own_folder();
  for (const char* gpu : {"cuda", "metal", "vulkan"})
    for (const fs::path& library : libraries_of(folder, gpu)) load(library);

  fs::path best;
  int best_score = 0;
  for (const fs::path& variant : libraries_of(folder, "cpu")) {
    const int score = cpu_score(variant);
    if (score <= best_score) continue;
    best = variant;
    best_score = score;
  }
  if (best_score > 0) load(best);
}

std::string library_of(ggml_backend_reg_t backend) {
  const auto found = libraries().find(backend);
  return found == libraries().end() ? "" : found->second;
}

} // namespace lloyal

#endif

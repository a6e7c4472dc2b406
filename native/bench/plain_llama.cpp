// Plain llama.cpp under the shape that `bench engine` gives our own context: what it takes without us.
//
//   lloyal_plain_llama MODEL N_CTX BRANCHES
//
// Prints, as JSON, the resident bytes before anything is loaded and when every branch has a row.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "llama.h"

namespace {

long resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmRSS:", 0) == 0) return std::atol(line.c_str() + 6) * 1024;
  return -1;
}

// Rows of one decode: one sequence's prompt, or a token for each of many. The last row, or all, give logits.
void decode(llama_context* context, int rows, llama_pos from, bool each_its_own) {
  llama_batch batch = llama_batch_init(rows, 0, 1);
  batch.n_tokens = rows;
  for (int i = 0; i < rows; ++i) {
    batch.token[i] = 100 + i;
    batch.pos[i] = each_its_own ? from : from + i;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = each_its_own ? i : 0;
    batch.logits[i] = each_its_own || i == rows - 1;
  }
  if (llama_decode(context, batch) != 0) std::exit(3);
  llama_batch_free(batch);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int n_ctx = std::atoi(argv[2]), branches = std::atoi(argv[3]);
  const long before = resident_bytes();
  llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  llama_backend_init();
  llama_model_params load = llama_model_default_params();
  load.n_gpu_layers = 0;
  llama_model* model = llama_model_load_from_file(argv[1], load);
  if (!model) return 3;
  // As native/core/context.cpp sets them.
  llama_context_params params = llama_context_default_params();
  params.n_ctx = static_cast<uint32_t>(n_ctx);
  params.n_batch = params.n_ubatch = 512;
  params.n_seq_max = params.n_outputs_max = 17;
  params.n_threads = params.n_threads_batch = 2;
  params.kv_unified = params.swa_full = params.no_perf = true;
  llama_context* context = llama_init_from_model(model, params);
  if (!context) return 3;
  decode(context, 512, 0, false);
  for (llama_seq_id seq = 1; seq < branches; ++seq) llama_memory_seq_cp(llama_get_memory(context), 0, seq, -1, -1);
  decode(context, branches, 512, true);
  std::printf("{\"before\":%ld,\"after\":%ld,\"vocab\":%d}\n", before, resident_bytes(),
              llama_vocab_n_tokens(llama_model_get_vocab(model)));
  llama_free(context);
  llama_model_free(model);
}

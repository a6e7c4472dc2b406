// Greedy generation as plain llama.cpp does it: one sequence, one context per prompt, nothing but llama.h. What the
// engine writes is compared with this.
//
//   lloyal_plain model nCtx nBatch threads
//
// Each line of the input is a prompt: how many tokens to write, then batches, each as its length and its tokens. Each
// line of the output is what was written: of every row after a batch its likeliest token and a hash of its bits.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "llama.h"

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

void decode(llama_context* context, const std::vector<llama_token>& tokens, llama_pos position) {
  llama_batch batch = llama_batch_init(static_cast<int32_t>(tokens.size()), 0, 1);
  batch.n_tokens = static_cast<int32_t>(tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    batch.token[i] = tokens[i];
    batch.pos[i] = position + static_cast<llama_pos>(i);
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = 0;
    batch.logits[i] = i + 1 == tokens.size();
  }
  require(llama_decode(context, batch) == 0, "llama_decode failed");
  llama_batch_free(batch);
}

// The likeliest token of the last row, of equals the first; prints it with the row's hash (FNV-1a, 32 bits).
llama_token read_row(llama_context* context, int32_t n_vocab) {
  const float* row = llama_get_logits_ith(context, -1);
  llama_token best = 0;
  uint32_t hash = 0x811c9dc5;
  for (llama_token token = 0; token < n_vocab; ++token) {
    if (row[token] > row[best]) best = token;
    uint32_t bits;
    std::memcpy(&bits, &row[token], sizeof bits);
    hash = (hash ^ bits) * 0x01000193;
  }
  std::printf("%d %u ", best, hash);
  return best;
}

} // namespace

int main(int argc, char** argv) {
  require(argc == 5, "usage: lloyal_plain model nCtx nBatch threads");
  llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  llama_backend_init();
  llama_model* model = llama_model_load_from_file(argv[1], llama_model_default_params());
  require(model != nullptr, "the model does not load");
  const int32_t n_vocab = llama_vocab_n_tokens(llama_model_get_vocab(model));

  for (std::string line; std::getline(std::cin, line);) {
    llama_context_params params = llama_context_default_params();
    params.n_ctx = static_cast<uint32_t>(std::atoi(argv[2]));
    params.n_batch = params.n_ubatch = static_cast<uint32_t>(std::atoi(argv[3]));
    params.n_threads = params.n_threads_batch = std::atoi(argv[4]);
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    llama_context* context = llama_init_from_model(model, params);
    require(context != nullptr, "no context");

    std::istringstream input(line);
    int left = 0;
    input >> left;
    llama_pos position = 0;
    llama_token next = 0;
    for (size_t length; input >> length; position += static_cast<llama_pos>(length)) {
      std::vector<llama_token> tokens(length);
      for (llama_token& token : tokens) input >> token;
      decode(context, tokens, position);
      next = read_row(context, n_vocab);
    }
    for (; left > 0; --left) {
      decode(context, {next}, position++);
      next = read_row(context, n_vocab);
    }
    std::printf("\n");
    llama_free(context);
  }
  llama_model_free(model);
  return 0;
}

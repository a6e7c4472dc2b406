#pragma once

#include <memory>

#include "branch_table.h"
#include "context.h"
#include "decode.h"

namespace lloyal::test {

// Large enough that a window over a row is not the whole row.
constexpr int32_t tiny_vocab = 8192;
constexpr llama_token tiny_eos = 2;

// A llama of two layers with random weights, made in memory. Token t reads as its id in hexadecimal, so a grammar
// over [0-9a-f] has many tokenisations.
std::shared_ptr<Model> tiny_model();

// The same as a mamba: a state for each sequence in place of cells.
std::shared_ptr<Model> tiny_recurrent_model();

// A gemma3: the cells of its first layer are given away once they lie 16 tokens back.
std::shared_ptr<Model> tiny_window_model();

// An lfm2: a layer with a state and one with cells.
std::shared_ptr<Model> tiny_hybrid_model();

// A context with its table, and calls that fly at once on the test's own thread.
struct Bench {
  explicit Bench(ContextParams params = {}, std::shared_ptr<Model> model = tiny_model());

  SequenceHandle open(const SamplingParams& sampling = {}, const std::optional<std::string>& grammar = {});
  Flight fly(FlightKind kind, std::vector<FlightRequest> requests, int ticks = 1);
  Status prefill(SequenceHandle handle, std::vector<llama_token> tokens);
  Status commit(SequenceHandle handle, llama_token token);
  llama_token next(SequenceHandle handle);
  std::vector<float> row(SequenceHandle handle);
  // Greedy tokens, each committed.
  std::vector<llama_token> generate(SequenceHandle handle, int count);
  // After all that is queued has run.
  int64_t cells();
  llama_pos last_position(llama_seq_id seq) { return llama_memory_seq_pos_max(context->memory(), seq); }

  std::unique_ptr<Context> context;
  Decoder decoder;
  BranchTable table;
};

// Makes llama.cpp abort a decode after `left` more questions of its callback, and every decode after that.
struct Fuse {
  explicit Fuse(Bench& bench);
  void light(int questions) { left = questions, blown = false; }
  void put_out() { light(1 << 30); }

  int left = 1 << 30;
  bool blown = false;
};

// n tokens of ordinary text, different for each salt.
std::vector<llama_token> tokens(size_t count, int salt = 0);

} // namespace lloyal::test

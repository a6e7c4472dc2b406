#include "tiny_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <string>

#include "cell_count.h"
#include "ggml-backend.h"
#include "gguf.h"
#include "log_capture.h"

namespace lloyal::test {
namespace {

using Sizes = std::vector<std::pair<std::string, uint32_t>>;

const Sizes attending{{"feed_forward_length", 96},  {"attention.head_count", 2},    {"attention.head_count_kv", 2},
                      {"attention.key_length", 32}, {"attention.value_length", 32}, {"rope.dimension_count", 32}};

void fill(ggml_tensor* tensor, void*) {
  std::mt19937 generator(static_cast<unsigned>(std::hash<std::string>{}(tensor->name)));
  // Wide enough that the rows differ by whole logits, so that a wrong cell cannot hide in rounding.
  std::normal_distribution<float> normal(0.0f, 0.3f);
  std::vector<float> values(static_cast<size_t>(ggml_nelements(tensor)));
  for (float& value : values) value = normal(generator);
  // A state decays.
  if (std::string(tensor->name).find("ssm_a") != std::string::npos)
    for (float& value : values) value = -1 - std::abs(value);
  ggml_backend_tensor_set(tensor, values.data(), 0, ggml_nbytes(tensor));
}

std::shared_ptr<Model> make_model(const std::string& architecture, const Sizes& sizes,
                                  const std::vector<uint32_t>& kv_heads_of_layers = {}) {
  init_backend();
  gguf_context* meta = gguf_init_empty();
  gguf_set_val_str(meta, "general.architecture", architecture.c_str());
  const std::string prefix = architecture + ".";
  for (const auto& [key, value] : sizes) gguf_set_val_u32(meta, (prefix + key).c_str(), value);
  if (!kv_heads_of_layers.empty())
    gguf_set_arr_data(meta, (prefix + "attention.head_count_kv").c_str(), GGUF_TYPE_UINT32, kv_heads_of_layers.data(),
                      kv_heads_of_layers.size());
  const Sizes common{
      {"vocab_size", tiny_vocab}, {"context_length", 4096}, {"embedding_length", 64}, {"block_count", 2}};
  for (const auto& [key, value] : common) gguf_set_val_u32(meta, (prefix + key).c_str(), value);
  gguf_set_val_f32(meta, (prefix + "attention.layer_norm_rms_epsilon").c_str(), 1e-5f);
  gguf_set_val_u32(meta, "tokenizer.ggml.eos_token_id", tiny_eos);
  gguf_set_val_str(meta, "tokenizer.ggml.model", "test");
  std::vector<std::string> names;
  for (int i = 0; i < tiny_vocab; ++i) names.push_back("t" + std::to_string(i));
  std::vector<const char*> pointers;
  for (const std::string& name : names) pointers.push_back(name.c_str());
  gguf_set_arr_str(meta, "tokenizer.ggml.tokens", pointers.data(), pointers.size());

  LlamaModelPtr model(llama_model_init_from_user(meta, fill, nullptr, llama_model_default_params()));
  gguf_free(meta);
  if (!model) throw std::runtime_error("the tiny model does not load");
  return std::make_shared<Model>(std::move(model));
}

std::unique_ptr<Context> make_context(std::shared_ptr<Model> model, const ContextParams& params) {
  auto created = Context::create(std::move(model), params);
  if (!created.ok()) throw std::runtime_error(created.status().message);
  return std::move(created.value());
}

} // namespace

std::shared_ptr<Model> tiny_model() {
  static const std::shared_ptr<Model> model = make_model("llama", attending);
  return model;
}

std::shared_ptr<Model> tiny_recurrent_model() {
  static const std::shared_ptr<Model> model = make_model("mamba", {{"feed_forward_length", 0},
                                                                   {"attention.head_count", 0},
                                                                   {"attention.head_count_kv", 0},
                                                                   {"ssm.conv_kernel", 4},
                                                                   {"ssm.inner_size", 128},
                                                                   {"ssm.state_size", 16},
                                                                   {"ssm.time_step_rank", 4}});
  return model;
}

std::shared_ptr<Model> tiny_window_model() {
  Sizes sizes = attending;
  sizes.insert(sizes.end(), {{"attention.sliding_window", 16}, {"attention.sliding_window_pattern", 2}});
  static const std::shared_ptr<Model> model = make_model("gemma3", sizes);
  return model;
}

std::shared_ptr<Model> tiny_hybrid_model() {
  static const std::shared_ptr<Model> model =
      make_model("lfm2", {{"feed_forward_length", 96}, {"attention.head_count", 2}, {"shortconv.l_cache", 4}}, {0, 2});
  return model;
}

Bench::Bench(ContextParams params, std::shared_ptr<Model> model)
    : context(make_context(std::move(model), params)), decoder(*context),
      table(context->model().vocab(), context->limits().n_seq_max) {}

SequenceHandle Bench::open(const SamplingParams& sampling, const std::optional<std::string>& grammar) {
  auto handle = table.open(sampling, grammar);
  EXPECT_TRUE(handle.ok());
  return handle.value();
}

Flight Bench::fly(FlightKind kind, std::vector<FlightRequest> requests, int ticks) {
  EXPECT_TRUE(table.check(requests, kind).ok());
  Flight flight = table.take_off(kind, std::move(requests));
  lloyal::fly(decoder, flight, ticks);
  table.land(flight);
  return flight;
}

Status Bench::prefill(SequenceHandle handle, std::vector<llama_token> ids) {
  return fly(FlightKind::prefill, {{handle, std::move(ids)}}).status;
}

Status Bench::commit(SequenceHandle handle, llama_token token) {
  return fly(FlightKind::commit, {{handle, {token}}}).status;
}

llama_token Bench::next(SequenceHandle handle) {
  auto produced = table.produce(handle);
  EXPECT_TRUE(produced.ok());
  return produced.value().token;
}

std::vector<float> Bench::row(SequenceHandle handle) {
  auto row = table.row(handle, "row");
  EXPECT_TRUE(row.ok());
  return {row.value()->logits().begin(), row.value()->logits().end()};
}

std::vector<llama_token> Bench::generate(SequenceHandle handle, int count) {
  std::vector<llama_token> written;
  for (int i = 0; i < count; ++i) {
    written.push_back(next(handle));
    EXPECT_TRUE(commit(handle, written.back()).ok());
  }
  return written;
}

int64_t Bench::cells() {
  decoder.begin(table.take_queued());
  return count_cells(*context);
}

Fuse::Fuse(Bench& bench) {
  llama_set_abort_callback(
      bench.context->get(),
      [](void* data) {
        auto& fuse = *static_cast<Fuse*>(data);
        fuse.blown = fuse.blown || --fuse.left < 0;
        return fuse.blown;
      },
      this);
}

std::vector<llama_token> tokens(size_t count, int salt) {
  std::mt19937 generator(static_cast<unsigned>(salt) + 1);
  std::vector<llama_token> ids(count);
  for (llama_token& id : ids) id = 3 + static_cast<llama_token>(generator() % (tiny_vocab - 3));
  return ids;
}

} // namespace lloyal::test

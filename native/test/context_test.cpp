// What the options of a context do, where only llama.cpp itself can tell.
#include "context.h"

#include <gtest/gtest.h>

#include "tiny_model.h"

namespace lloyal {
namespace {

using test::Bench;
using test::tokens;

// Of a state with `cells` cells, which holds their keys and values as they are cached.
size_t state_bytes(const ContextParams& params, size_t cells) {
  Bench bench(params);
  EXPECT_TRUE(bench.prefill(bench.open(), tokens(cells)).ok());
  return llama_state_get_size(bench.context->get());
}

TEST(Context, ACellOfFewerBitsTakesLessMemory) {
  // Two layers of two heads of 32 numbers: 128 keys and as many values per cell, of 4, 2 and 34 / 32 bytes each.
  const auto per_cell = [](ContextParams params) {
    return (state_bytes(params, 200) - state_bytes(params, 100)) / 100;
  };
  const size_t plain = per_cell({});
  EXPECT_EQ(per_cell({.type_k = GGML_TYPE_F32}) - plain, 128 * 2);
  EXPECT_EQ(plain - per_cell({.type_k = GGML_TYPE_Q8_0}), 128 * 2 - 128 / 32 * 34);
  EXPECT_EQ(plain - per_cell({.type_v = GGML_TYPE_Q8_0}), 128 * 2 - 128 / 32 * 34);
}

TEST(Context, OptionsThatLlamaRefusesAreRefusedWithItsReason) {
  const ContextParams params{.type_v = GGML_TYPE_Q8_0, .flash_attn = LLAMA_FLASH_ATTN_TYPE_DISABLED};
  const Status status = Context::create(test::tiny_model(), params).status();
  EXPECT_EQ(status.code, Code::invalid_argument);
  EXPECT_NE(status.log.find("V cache"), std::string::npos);
  EXPECT_EQ(Context::create(test::tiny_model(), {.n_threads = 0}).status().code, Code::invalid_argument);
  EXPECT_EQ(Context::create(test::tiny_model(), {.n_threads_batch = 0}).status().code, Code::invalid_argument);
  EXPECT_EQ(Context::create(test::tiny_model(), {.lora = {{"/nowhere.gguf"}}}).status().code, Code::model_not_found);
}

} // namespace
} // namespace lloyal

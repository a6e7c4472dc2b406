#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "attend.h"
#include "attention_kernels.h"
#include "cpu_backend.h"
#include "ggml.h"

namespace lloyal {
namespace {

struct Shape {
  size_t tokens, cells, heads, kv_heads, key_size, value_size;
};

// A cache and queries of chance, and what each row sees.
class Case {
 public:
  explicit Case(Shape shape, uint32_t seed = 1) : shape_(shape), random_(seed) {
    const auto chance = [this] { return std::normal_distribution<float>()(random_); };
    for (size_t i = 0; i < shape.tokens * shape.heads * shape.key_size; ++i) queries.push_back(chance());
    for (size_t i = 0; i < shape.cells * shape.kv_heads * shape.key_size; ++i)
      keys.push_back(ggml_fp32_to_fp16(chance()));
    for (size_t i = 0; i < shape.cells * shape.kv_heads * shape.value_size; ++i)
      values.push_back(ggml_fp32_to_fp16(chance()));
    mask.assign(shape.tokens * shape.cells, hidden);
    std::bernoulli_distribution sees(0.6);
    for (ggml_fp16_t& each : mask)
      if (sees(random_)) each = visible;
  }

  Attention attention(std::vector<float>& out) const {
    const auto [tokens, cells, heads, kv_heads, key_size, value_size] = shape_;
    out.assign(tokens * heads * value_size, std::numeric_limits<float>::quiet_NaN());
    const auto bytes = [](const auto& data) { return reinterpret_cast<const char*>(data.data()); };
    return {{bytes(queries), heads * key_size * 4, key_size * 4},
            {bytes(keys), kv_heads * key_size * 2, key_size * 2},
            {bytes(values), kv_heads * value_size * 2, value_size * 2},
            bytes(mask),
            cells * 2,
            out.data(),
            tokens,
            cells,
            heads,
            kv_heads,
            key_size,
            value_size,
            scale()};
  }

  // By the definition, in double precision.
  std::vector<double> expected() const {
    const auto [tokens, cells, heads, kv_heads, key_size, value_size] = shape_;
    std::vector<double> out;
    for (size_t token = 0; token < tokens; ++token)
      for (size_t head = 0; head < heads; ++head) {
        const size_t kv_head = head / (heads / kv_heads);
        std::vector<double> sums(value_size);
        double total = 0;
        for (size_t cell = 0; cell < cells; ++cell) {
          if (mask[token * cells + cell] == hidden) continue;
          double score = 0;
          for (size_t i = 0; i < key_size; ++i)
            score += double{queries[(token * heads + head) * key_size + i]} *
                     ggml_fp16_to_fp32(keys[(cell * kv_heads + kv_head) * key_size + i]);
          const double weight = std::exp(score * scale());
          total += weight;
          for (size_t i = 0; i < value_size; ++i)
            sums[i] += weight * ggml_fp16_to_fp32(values[(cell * kv_heads + kv_head) * value_size + i]);
        }
        for (const double sum : sums) out.push_back(total == 0 ? 0 : sum / total);
      }
    return out;
  }

  static constexpr ggml_fp16_t visible = 0, hidden = 0xFC00;
  std::vector<float> queries;
  std::vector<ggml_fp16_t> keys, values, mask;

 private:
  float scale() const { return 1 / std::sqrt(static_cast<float>(shape_.key_size)); }

  Shape shape_;
  std::mt19937 random_;
};

class AttentionTest : public testing::TestWithParam<const AttentionKernel*> {
 protected:
  std::vector<float> run(const Case& given, RowWorkers* workers = nullptr) const {
    std::vector<float> out;
    attend(*GetParam(), given.attention(out), workers);
    return out;
  }
};

// Few and many rows, shared heads of every kind, more of them than lanes, sizes that differ, cells that fill no tile.
const std::vector<Shape> shapes = {{1, 7, 9, 3, 64, 64},    {8, 300, 9, 3, 64, 64},  {5, 65, 14, 2, 64, 64},
                                   {2, 40, 20, 1, 32, 16},  {3, 33, 64, 1, 16, 32},  {4, 130, 4, 4, 128, 128},
                                   {70, 200, 9, 3, 64, 64}, {33, 90, 14, 2, 16, 48}, {40, 50, 128, 2, 16, 16}};

TEST_P(AttentionTest, IsWhatItsDefinitionSays) {
  for (const Shape& shape : shapes) {
    const Case given(shape);
    const std::vector<float> found = run(given);
    const std::vector<double> expected = given.expected();
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i)
      ASSERT_NEAR(found[i], expected[i], 2e-5) << "of " << shape.tokens << " tokens, at " << i;
  }
}

TEST_P(AttentionTest, ARowThatSeesNothingGetsZeros) {
  Case given({3, 20, 6, 2, 32, 32});
  std::fill_n(given.mask.begin() + 20, 20, Case::hidden);
  const std::vector<float> found = run(given);
  for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i] == 0, i / (6 * 32) == 1);
}

// Some scores are 200 apart: their weights must be 0 and 1, not infinite or undefined.
TEST_P(AttentionTest, LargeScoresDoNotOverflow) {
  Case given({8, 100, 9, 3, 64, 64});
  for (float& query : given.queries) query *= 100;
  const std::vector<float> found = run(given);
  const std::vector<double> expected = given.expected();
  for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-3);
}

TEST_P(AttentionTest, ARowIsTheSameBitByBitWhereverItsCellsLieAndWhateverOthersSee) {
  const Shape shape{8, 90, 9, 3, 64, 64};
  Case given(shape);
  const std::vector<float> found = run(given);
  // The same cells in the same order, among four times as many that only other rows see.
  Case wide({8, 360, 9, 3, 64, 64}, 2);
  wide.queries = given.queries;
  const size_t key = 3 * 64;
  for (size_t cell = 0; cell < 90; ++cell) {
    std::copy_n(given.keys.begin() + cell * key, key, wide.keys.begin() + (4 * cell + cell % 3) * key);
    std::copy_n(given.values.begin() + cell * key, key, wide.values.begin() + (4 * cell + cell % 3) * key);
  }
  const size_t row = 2;
  std::fill_n(wide.mask.begin() + row * 360, 360, Case::hidden);
  for (size_t cell = 0; cell < 90; ++cell)
    wide.mask[row * 360 + 4 * cell + cell % 3] = given.mask[row * 90 + cell];
  const std::vector<float> moved = run(wide);
  for (size_t i = row * 9 * 64; i < (row + 1) * 9 * 64; ++i) ASSERT_EQ(moved[i], found[i]);
}

TEST_P(AttentionTest, ThreadsChangeNothing) {
  const auto cpu_pool = cpu_function<decltype(ggml_threadpool_new)>("ggml_threadpool_new");
  ggml_threadpool_params params = ggml_threadpool_params_default(3);
  ggml_threadpool* pool = cpu_pool(&params);
  {
    const std::unique_ptr<RowWorkers> workers = RowWorkers::on(pool, 3);
    for (const Shape& shape : shapes) {
      const Case given(shape);
      EXPECT_EQ(run(given, workers.get()), run(given));
    }
  }
  cpu_function<decltype(ggml_threadpool_free)>("ggml_threadpool_free")(pool);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AttentionTest);
INSTANTIATE_TEST_SUITE_P(Kernels, AttentionTest, testing::ValuesIn(attention_kernels()),
                         [](const auto& info) { return "Kernel" + std::to_string(info.index); });

} // namespace
} // namespace lloyal

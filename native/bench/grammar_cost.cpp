// Host time per row under a grammar: a document is read token by token, and at each one the time is taken that a draw
// from the model's own row costs, and the step of the grammar over the document's token.
//
//   lloyal_grammar_cost MODEL GRAMMAR DOCUMENT
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>

#include "decode.h"
#include "log_capture.h"
#include "sampler.h"

using namespace lloyal;

namespace {

std::string read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Of this thread's processor time, so that what else the machine does is not measured.
double micros_now() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

template <typename Work> double micros_of(const Work& work) {
  const double start = micros_now();
  work();
  return micros_now() - start;
}

struct Place {
  bool in_string; // of the document, where almost everything may come
  size_t legal;   // tokens that may come
};

struct Measure {
  const char* what;
  std::vector<double> micros = {}; // by row
};

void print(const Measure& measure, const std::vector<Place>& places, const char* where, auto&& is_there) {
  std::vector<double> sorted;
  for (size_t i = 0; i < places.size(); ++i)
    if (is_there(places[i])) sorted.push_back(measure.micros[i]);
  if (sorted.empty()) return;
  std::ranges::sort(sorted);
  const auto at = [&](double share) {
    return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
  };
  std::printf("  %-34s %-12s rows %4zu   median %8.1f us   p99 %8.1f us   max %8.1f us\n", measure.what, where,
              sorted.size(), at(0.5), at(0.99), sorted.back());
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "lloyal_grammar_cost MODEL GRAMMAR DOCUMENT\n"), 2;
  init_backend();
  auto model = Model::load({.path = argv[1]}, {});
  if (!model.ok()) return std::fprintf(stderr, "%s\n", model.status().message.c_str()), 1;
  const Vocab& vocab = model.value()->vocab();
  auto context = Context::create(model.value(), {.n_threads = 2});
  if (!context.ok()) return std::fprintf(stderr, "%s\n", context.status().message.c_str()), 1;
  Decoder decoder(*context.value());

  const std::string text = read(argv[3]);
  std::vector<llama_token> document = vocab.tokenize(text, false);
  std::shared_ptr<const Grammar> grammar;
  const double parse = micros_of([&] { grammar = Grammar::parse(vocab, read(argv[2])).value(); });

  const SamplingParams sampled{
      .temperature = 0.8, .top_k = 40, .top_p = 0.95, .repeat_penalty = 1.1, .frequency_penalty = 0.1};
  const SamplingParams nucleus{.temperature = 0.8, .top_p = 0.95};
  const SamplingParams warm{.temperature = 1};
  struct Kind {
    SamplingParams params;
    Measure measure;
  };
  std::vector<Kind> kinds{{{}, {"greedy"}},
                          {sampled, {"top-k, top-p, temperature, penalties"}},
                          {nucleus, {"top-p, temperature"}},
                          {warm, {"temperature alone"}}};
  Measure copies{"copy of the row"}, steps{"step of the grammar"}, masks{"the whole row masked"},
      asks{"the 256 likeliest asked about"};
  // Learns for itself, so that no draw has done its work.
  std::shared_ptr<const Grammar> apart = Grammar::parse(vocab, read(argv[2])).value();
  std::vector<Place> places;
  TokenWindow window;
  std::vector<std::shared_ptr<const LogitsRow>> rows;
  llama_token before = vocab.tokenize("\n", false).front();
  bool in_string = false, escaped = false;
  double sink = 0;
  const auto memory = std::make_shared<RowMemory>(static_cast<size_t>(context.value()->limits().n_vocab));

  for (size_t i = 0; i < document.size(); ++i) {
    rows.clear();
    const Row input{before, static_cast<llama_pos>(i), 0, true};
    if (!decoder.decode({&input, 1}, "bench", rows).ok()) return 1;
    const std::span<const float> logits = rows[0]->logits();
    // Each kind finds a row of its own and nothing that another has left in the grammar's state.
    for (Kind& kind : kinds) {
      std::shared_ptr<const LogitsRow> row;
      const double copy = micros_of([&] { row = LogitsRow::copy(logits, memory); });
      if (&kind == kinds.data()) copies.micros.push_back(copy);
      kind.measure.micros.push_back(micros_of([&] {
        const Edits edits(*row, nullptr, nullptr, window, kind.params);
        sink += draw({*row, edits, grammar.get(), kind.params, 10}, {1, 0, i}).value().surprisal;
      }));
    }
    std::vector<Candidate> head = rows[0]->head();
    asks.micros.push_back(micros_of([&] { grammar->mask(head); }));
    std::vector<float> masked;
    masks.micros.push_back(micros_of([&] { masked = apart->masked(logits); }));
    const auto legal = std::ranges::count_if(masked, [](float logit) { return logit > -INFINITY; });
    places.push_back({in_string, static_cast<size_t>(legal)});
    if (auto accepted = apart->accept(document[i]); accepted.ok()) apart = accepted.value();
    std::shared_ptr<const Grammar> next;
    steps.micros.push_back(micros_of([&] {
      auto accepted = grammar->accept(document[i]);
      if (accepted.ok()) next = accepted.value();
    }));
    if (!next) return std::fprintf(stderr, "the grammar forbids token %zu\n", i), 1;
    grammar = std::move(next);
    window = window.with(document[i]);
    before = document[i];
    for (const char byte : vocab.bytes(before, true)) {
      if (byte == '"' && !escaped) in_string = !in_string;
      escaped = byte == '\\' && !escaped;
    }
  }

  std::printf("%s: %zu tokens, %d in the vocabulary; the grammar was read in %.0f us\n", argv[3], document.size(),
              vocab.size(), parse);
  std::vector<const Measure*> all{&copies, &steps, &asks, &masks};
  for (const Kind& kind : kinds) all.push_back(&kind.measure);
  for (const Measure* measure : all) {
    print(*measure, places, "all", [](const Place&) { return true; });
    print(*measure, places, "in a string", [](const Place& place) { return place.in_string; });
    print(*measure, places, "else", [](const Place& place) { return !place.in_string; });
  }
  size_t forced = 0, runs = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    forced += places[i].legal == 1 ? 1 : 0;
    runs += places[i].legal == 1 && (i == 0 || places[i - 1].legal != 1) ? 1 : 0;
  }
  std::printf("  rows with one legal token: %zu, in %zu runs\n", forced, runs);
  return std::isnan(sink) ? 1 : 0;
}

// Calls that take sequences out of the cache and bring them back: each in its turn, between two flights. There may be a
// gigabyte of cells, so they are carried in slices, between which the event loop turns.
#include <algorithm>
#include <limits>
#include <span>

#include "addon.h"
#include "context_wrap.h"
#include "convert.h"

namespace lloyal {
namespace {

// About a millisecond, of which most goes to pages that are touched for the first time.
constexpr size_t slice_bytes = size_t{1} << 21;

// Runs `work` on the owner thread; what it throws (there was no memory) is a failure that has changed nothing.
template <typename Work> Status guarded(const char* doing, Work work) {
  try {
    return work();
  } catch (const std::exception& error) {
    return {Code::decode_failed, doing, {{"status", -2}, {"rows", 0}}, error.what()};
  }
}

} // namespace

Napi::Value ContextWrap::save(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  BranchTable& table = living(env, "save");
  Request request{Request::Kind::save, Napi::Promise::Deferred::New(env)};
  request.sequence = to_integer(info[0], "sequence");
  value_or_throw(env, table.prefix_of(request.sequence, 0));
  const int64_t from = to_integer(info[1], "from");
  if (from < 0 || from > std::numeric_limits<llama_pos>::max())
    throw to_error(env, {Code::invalid_argument, "from must be a position", {{"from", from}}});
  request.image = std::make_shared<SequenceImage>();
  request.image->cells.from = static_cast<llama_pos>(from);
  return enqueue(std::move(request));
}

Napi::Value ContextWrap::restore(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  living(env, "restore");
  Request request{Request::Kind::restore, Napi::Promise::Deferred::New(env)};
  request.image = std::make_shared<SequenceImage>(to_image(info[0]));
  const Napi::Uint8Array cells = cells_of(info[0].As<Napi::Object>());
  request.cells = Napi::Persistent(cells);
  request.cell_bytes = cells.ByteLength();
  request.sequence = info[1].IsUndefined() ? 0 : to_integer(info[1], "parent");
  if (request.image->cells.from > 0 && info[1].IsUndefined())
    throw to_error(env, {Code::invalid_argument, "what begins with another's cells needs that other as its parent"});
  return enqueue(std::move(request));
}

Napi::Value ContextWrap::compact(const Napi::CallbackInfo& info) {
  living(info.Env(), "compact");
  return enqueue({Request::Kind::compact, Napi::Promise::Deferred::New(info.Env())});
}

void ContextWrap::refuse(Napi::Env env, const Status& status) {
  current_->deferred.Reject(to_error(env, status).Value());
  finish();
}

void ContextWrap::start_save() {
  auto saved = table_->saved(current_->sequence);
  if (!saved.ok()) return refuse(Env(), saved.status());
  const llama_seq_id seq = saved.value().seq;
  current_->image->state = std::move(saved.value().state);
  owner_->post([this, seq, image = current_->image, ops = table_->take_queued()]() -> Landing {
    const Status status = guarded("save", [&]() -> Status {
      decoder_->begin(ops);
      auto cells = decoder_->save(seq, image->cells.from, image->state.position);
      if (!cells.ok()) return cells.status();
      image->cells = std::move(cells.value());
      return {};
    });
    return [this, status](Napi::Env env) {
      if (!status.ok()) return refuse(env, status);
      current_->cell_bytes = current_->image->cells.bytes.size();
      try {
        current_->cells = Napi::Persistent(Napi::Uint8Array::New(env, current_->cell_bytes));
      } catch (const Napi::Error& error) { // longer than an array can be
        return refuse(env, {Code::decode_failed, "save", {{"status", -2}, {"rows", 0}}, error.Message()});
      }
      carry_out(env);
    };
  });
}

void ContextWrap::carry_out(Napi::Env env) {
  const std::span<const uint8_t> rest = std::span(current_->image->cells.bytes).subspan(current_->carried);
  const std::span<const uint8_t> slice = rest.first(std::min(slice_bytes, rest.size()));
  std::copy(slice.begin(), slice.end(), current_->cells.Value().Data() + current_->carried);
  current_->carried += slice.size();
  if (slice.size() < rest.size()) return after_a_turn(env, &ContextWrap::carry_out);
  // To give pages back takes its time too, so it is the owner's.
  owner_->post([this, image = current_->image]() -> Landing {
    std::vector<uint8_t>().swap(image->cells.bytes);
    return [this](Napi::Env landed) {
      Napi::Object object = from_image(landed, current_->image->state, current_->image->cells.from);
      object.Set("cells", current_->cells.Value());
      current_->deferred.Resolve(object);
      finish();
    };
  });
}

void ContextWrap::start_restore() {
  const Napi::HandleScope scope(Env());
  try {
    current_->image->cells.bytes.reserve(current_->cell_bytes);
  } catch (const std::exception& error) {
    return refuse(Env(), {Code::decode_failed, "restore", {{"status", -2}, {"rows", 0}}, error.what()});
  }
  carry_in(Env());
}

// On this thread, so that no memory is read that JavaScript may transfer, shrink or end with; and checked afterwards,
// since it may write there as well.
void ContextWrap::carry_in(Napi::Env env) {
  const Napi::Uint8Array source = current_->cells.Value();
  if (source.ByteLength() != current_->cell_bytes)
    return refuse(env, {Code::state_invalid, "the cells were taken away before they were read"});
  const auto rest = std::span<const uint8_t>(source.Data(), source.ByteLength()).subspan(current_->carried);
  const auto slice = rest.first(std::min(slice_bytes, rest.size()));
  std::vector<uint8_t>& bytes = current_->image->cells.bytes;
  bytes.insert(bytes.end(), slice.begin(), slice.end());
  current_->carried += slice.size();
  if (slice.size() < rest.size()) return after_a_turn(env, &ContextWrap::carry_in);
  revive_image(env);
}

void ContextWrap::revive_image(Napi::Env env) {
  const SequenceImage& image = *current_->image;
  llama_seq_id prefix = -1;
  if (image.cells.from > 0) {
    auto parent = table_->prefix_of(current_->sequence, image.cells.from);
    if (!parent.ok()) return refuse(env, parent.status());
    prefix = parent.value();
  }
  auto revived = table_->revive(image.state);
  if (!revived.ok()) return refuse(env, revived.status());
  // After the lease, whose former owner's cells are removed by what is queued.
  owner_->post([this, prefix, to = revived.value(), image = current_->image, ops = table_->take_queued()]() -> Landing {
    const Status status = guarded("restore", [&] {
      decoder_->begin(ops);
      return decoder_->restore(image->cells, to.seq, prefix);
    });
    std::vector<uint8_t>().swap(image->cells.bytes);
    return [this, status, to](Napi::Env landed) {
      if (!status.ok()) {
        table_->close(to.handle);
        return refuse(landed, status);
      }
      current_->deferred.Resolve(Napi::Number::New(landed, static_cast<double>(to.handle)));
      finish();
    };
  });
}

// Landings do not do for this: Node lets those that arrive meanwhile land in the same turn.
void ContextWrap::after_a_turn(Napi::Env env, void (ContextWrap::*step)(Napi::Env)) {
  const auto call = [this, step](const Napi::CallbackInfo& info) { (this->*step)(info.Env()); };
  Addon::of(env).set_immediate.Call({Napi::Function::New(env, call)});
}

void ContextWrap::start_compact() {
  owner_->post([this, ops = table_->take_queued()]() -> Landing {
    const Status status = guarded("compact", [&] {
      decoder_->begin(ops);
      return decoder_->compact();
    });
    return [this, status](Napi::Env env) {
      if (!status.ok()) return refuse(env, status);
      current_->deferred.Resolve(env.Undefined());
      finish();
    };
  });
}

} // namespace lloyal

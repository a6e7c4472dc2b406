// Calls that take sequences out of the cache and bring them back: each in its turn, between two flights.
#include <limits>

#include "context_wrap.h"
#include "convert.h"

namespace lloyal {
namespace {

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
  request.cells = Napi::Persistent(cells_of(info[0].As<Napi::Object>()));
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
    return [this, status, image](Napi::Env env) {
      if (!status.ok()) return refuse(env, status);
      current_->deferred.Resolve(from_image(env, std::move(*image)));
      finish();
    };
  });
}

void ContextWrap::start_restore() {
  const SequenceImage& image = *current_->image;
  llama_seq_id prefix = -1;
  if (image.cells.from > 0) {
    auto parent = table_->prefix_of(current_->sequence, image.cells.from);
    if (!parent.ok()) return refuse(Env(), parent.status());
    prefix = parent.value();
  }
  auto revived = table_->revive(image.state);
  if (!revived.ok()) return refuse(Env(), revived.status());
  const auto to = revived.value();
  // Whoever gave it may write to it meanwhile, so what is checked and read is a copy.
  const Napi::Uint8Array source = current_->cells.Value();
  const std::span<const uint8_t> given(source.Data(), source.ByteLength());
  // After the lease, whose former owner's cells are removed by what is queued.
  owner_->post([this, prefix, to, image = current_->image, given, ops = table_->take_queued()]() -> Landing {
    const Status status = guarded("restore", [&] {
      decoder_->begin(ops);
      const SavedCells copy{image->cells.from, image->cells.end, {given.begin(), given.end()}};
      return decoder_->restore(copy, to.seq, prefix);
    });
    return [this, status, to](Napi::Env env) {
      if (!status.ok()) {
        table_->close(to.handle);
        return refuse(env, status);
      }
      current_->deferred.Resolve(Napi::Number::New(env, static_cast<double>(to.handle)));
      finish();
    };
  });
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

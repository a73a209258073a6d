// Answers as they are written.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "ringmain/error.hpp"
#include "ringmain/options.hpp"
#include "ringmain/v1/chat_service.pb.h"
#include "ringmain/v1/image_service.pb.h"

namespace ringmain {

Metadata copied(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata);

// A running call that answers in events: a range to be read once, by one thread.
//
// Destroying it cancels the call, and the provider stops writing. A stream that ends without its last event throws
// (STREAM_INTERRUPTED); it is never a short answer.
template <typename Event>
class Stream {
 public:
  using Reader = grpc::ClientReaderInterface<Event>;
  // Makes the call once more, after the gateway has refused its token; no reader if there is no other token.
  using Again = std::function<std::unique_ptr<Reader>(std::unique_ptr<grpc::ClientContext>*)>;

  // Takes over a running call.
  Stream(std::unique_ptr<grpc::ClientContext> context, std::unique_ptr<Reader> reader, Again again = nullptr)
      : context_(std::move(context)), reader_(std::move(reader)), again_(std::move(again)) {}
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(reader_, other.reader_);
    std::swap(again_, other.again_);
    std::swap(shared_, other.shared_);
    std::swap(trailers_, other.trailers_);
    std::swap(begun_, other.begun_);
    std::swap(complete_, other.complete_);
    std::swap(ended_, other.ended_);
    return *this;
  }
  ~Stream() {
    if (!reader_ || ended_) return;
    context_->TryCancel();
    reader_->Finish();
  }

  // The next event; nothing after the last. Throws Error.
  std::optional<Event> next() {
    if (ended_) return std::nullopt;
    Event event;
    begun_ = true;
    if (reader_->Read(&event)) {
      again_ = nullptr;
      complete_ = complete_ || event.has_finished();
      return event;
    }
    const grpc::Status status = reader_->Finish();
    ended_ = true;
    if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED && renewed()) return next();
    trailers_ = copied(context_->GetServerTrailingMetadata());
    if (!status.ok()) throw Error(status, trailers_);
    if (!complete_) throw interrupted();
    return std::nullopt;
  }

  // Cancels the call, from any thread; the reading one gets Error with CANCELLED.
  void cancel() {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    shared_->cancelled = true;
    context_->TryCancel();
  }

  // What the server sent before the first event. Waits for it.
  Metadata metadata() {
    if (!begun_) reader_->WaitForInitialMetadata();
    begun_ = true;
    return copied(context_->GetServerInitialMetadata());
  }
  // What the server sent after the last event; empty before.
  const Metadata& trailers() const { return trailers_; }

  struct End {};
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Event;
    using difference_type = std::ptrdiff_t;
    using pointer = const Event*;
    using reference = const Event&;

    explicit Iterator(Stream* stream) : stream_(stream), event_(stream->next()) {}
    reference operator*() const { return *event_; }
    pointer operator->() const { return &*event_; }
    Iterator& operator++() {
      event_ = stream_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& it, End) { return !it.event_; }
    friend bool operator!=(const Iterator& it, End) { return it.event_.has_value(); }
    friend bool operator==(End, const Iterator& it) { return !it.event_; }
    friend bool operator!=(End, const Iterator& it) { return it.event_.has_value(); }

   private:
    Stream* stream_;
    std::optional<Event> event_;
  };

  Iterator begin() { return Iterator(this); }
  End end() const { return {}; }

 private:
  struct Shared {  // between the thread that reads and those that cancel
    std::mutex mutex;
    bool cancelled = false;
  };

  // Whether the call was made once more, with another token.
  bool renewed() {
    const Again again = std::exchange(again_, nullptr);
    if (!again) return false;
    std::unique_ptr<grpc::ClientContext> context;
    std::unique_ptr<Reader> reader = again(&context);
    if (!reader) return false;
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    reader_ = std::move(reader);
    context_ = std::move(context);
    if (shared_->cancelled) context_->TryCancel();
    ended_ = false;
    return true;
  }

  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<Reader> reader_;  // destroyed before its context
  Again again_;                     // nothing once something has come
  std::unique_ptr<Shared> shared_ = std::make_unique<Shared>();
  Metadata trailers_;
  bool begun_ = false;  // whether the initial metadata has come, for which gRPC may be asked to wait only once
  bool complete_ = false;
  bool ended_ = false;
};

using ChatStream = Stream<v1::ChatEvent>;
using ImageStream = Stream<v1::ImageEvent>;

}  // namespace ringmain

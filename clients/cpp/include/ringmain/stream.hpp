// Answers as they are written.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <cstddef>
#include <iterator>
#include <memory>
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

  // Takes over a running call.
  Stream(std::unique_ptr<grpc::ClientContext> context, std::unique_ptr<Reader> reader)
      : context_(std::move(context)), reader_(std::move(reader)) {}
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(reader_, other.reader_);
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
      complete_ = complete_ || event.has_finished();
      return event;
    }
    ended_ = true;
    const grpc::Status status = reader_->Finish();
    trailers_ = copied(context_->GetServerTrailingMetadata());
    if (!status.ok()) throw Error(status, trailers_);
    if (!complete_) throw interrupted();
    return std::nullopt;
  }

  // Cancels the call, from any thread; the reading one gets Error with CANCELLED.
  void cancel() { context_->TryCancel(); }

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
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<Reader> reader_;  // destroyed before its context
  Metadata trailers_;
  bool begun_ = false;  // whether the initial metadata has come, for which gRPC may be asked to wait only once
  bool complete_ = false;
  bool ended_ = false;
};

using ChatStream = Stream<v1::ChatEvent>;
using ImageStream = Stream<v1::ImageEvent>;

}  // namespace ringmain

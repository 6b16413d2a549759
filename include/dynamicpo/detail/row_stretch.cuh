// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "dynamicpo/detail/warp.cuh"
#include "dynamicpo/score/scores.hpp"

/// Rejected of consecutive rows that lie without a gap, a stretch, on their way between device memory and shared
/// memory: in words of 16 bytes, wherever the stretch begins and ends.
namespace dynamicpo::inline v1::detail {

inline constexpr unsigned threads_per_block = 256;

/// What a thread moves at once, of memory of any type.
struct [[gnu::may_alias]] alignas(16) stretch_word {
  std::uint32_t part[4];
};

/// No stretch is longer: a word a thread.
inline constexpr std::size_t stretch_bytes = threads_per_block * sizeof(stretch_word);

/// Work that may go through shared memory: what moves bytes above all. Cuts that sort are bound by instructions, and
/// what reads alone asks for few words as it is; for them a second kernel would only take longer to compile.
template <class Work>
inline constexpr bool goes_by_stretches = Work::writes_gradient && !Work::sorts;

/// Rows of a stretch, a whole number of times the `rows_in_hand` of a block. 0 where rows are to be read and written
/// where they lie: ragged, with gaps, or with a mask, which says what must not be read.
template <class Work>
  requires goes_by_stretches<Work> index rows_of_stretch(const Work& work, index rows_in_hand) {
    const auto without_gaps = [](const auto& view) {
      if (view.ragged() || view.masked()) { return false; }
      const auto matrix = view.rejected_matrix();
      return matrix.columns > 0 && matrix.column_stride == 1 && matrix.row_stride == matrix.columns;
    };
    bool fits = without_gaps(work.policy);
    std::size_t widest = sizeof(typename Work::stored);
    if constexpr (Work::has_reference) {
      constexpr std::size_t width = sizeof(typename decltype(work.reference)::value_type);
      fits = fits && without_gaps(work.reference);
      widest = width < widest ? widest : width;
    }
    fits = fits && without_gaps(work.out.gradient);
    if (!fits) { return 0; }
    const index bytes = rows_in_hand * work.policy.longest_row() * static_cast<index>(widest);
    return static_cast<index>(stretch_bytes) / bytes * rows_in_hand;
  }

/// A thread's part of a stretch: one word, and one of the numbers before the first whole word or past the last.
template <class T>
class stretch_part {
 public:
  static constexpr unsigned per_word = sizeof(stretch_word) / sizeof(T);
  static_assert(sizeof(stretch_word) % sizeof(T) == 0);

  /// Numbers between the beginning of a word and `at`. A stretch is read and written at places where it is the same.
  __device__ static unsigned phase(const T* at) {
    return static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(at) % sizeof(stretch_word) / sizeof(T));
  }
  __device__ void read(const T* from, unsigned size) {
    own_part(
        from, size, [&](unsigned i) { word_ = *reinterpret_cast<const stretch_word*>(from + i); },
        [&](unsigned i) { edge_ = from[i]; });
  }
  __device__ void write(T* to, unsigned size) const {
    own_part(
        to, size, [&](unsigned i) { *reinterpret_cast<stretch_word*>(to + i) = word_; },
        [&](unsigned i) { to[i] = edge_; });
  }

 private:
  template <class Word, class Edge>
  __device__ static void own_part(const T* at, unsigned size, const Word& word, const Edge& edge) {
    const unsigned to_word = (per_word - phase(at)) % per_word, head = to_word < size ? to_word : size,
                   words = (size - head) / per_word;
    if (threadIdx.x < words) { word(head + threadIdx.x * per_word); }
    const unsigned apart = threadIdx.x < head ? threadIdx.x : threadIdx.x + words * per_word;
    if (apart < size) { edge(apart); }
  }

  stretch_word word_{};
  T edge_{};
};

/// The stretches of a block, one after another, and its rows in them. Threads meet between `put` and the rows, between
/// the rows and `write_gradient`, and before the memory has another use. A warp reads consecutive numbers of shared
/// memory, so that no bank is asked twice, whatever the length of a row.
template <class Work>
class row_stretch {
  using stored = typename Work::stored;
  template <class View>
  using number = typename View::value_type;
  static constexpr std::size_t room = stretch_bytes + sizeof(stretch_word);

 public:
  static_assert(goes_by_stretches<Work>);
  static constexpr std::size_t bytes = room * (Work::has_reference ? 3 : 2);

  /// \param shared  `bytes` for these stretches alone, at the beginning of a word.
  __device__ row_stretch(const Work& work, std::byte* shared) : work_{work}, shared_{shared} {}

  /// Sends for rows [first, first + rows): nothing waits for the numbers before `put`.
  __device__ void fetch(index first, index rows) {
    policy_.read(&work_.policy.rejected(first, 0), size(rows));
    if constexpr (Work::has_reference) { reference_.read(&work_.reference.rejected(first, 0), size(rows)); }
  }
  /// The same rows into shared memory.
  __device__ void put(index first, index rows) {
    first_ = first;
    size_ = size(rows);
    policy_.write(place(work_.policy, 0), size_);
    if constexpr (Work::has_reference) { reference_.write(place(work_.reference, 1), size_); }
  }
  /// Has `work` take a row of the stretch from shared memory, and leave its gradient there.
  __device__ void move(Work& work, index row) const {
    const index at = (row - first_) * work_.policy.longest_row();
    work.policy = work_.policy.with_row_at(place(work_.policy, 0) + at);
    if constexpr (Work::has_reference) { work.reference = work_.reference.with_row_at(place(work_.reference, 1) + at); }
    if constexpr (Work::writes_gradient) {
      work.out.gradient = work_.out.gradient.with_row_at(place(work_.out.gradient, gradient_room) + at);
    }
  }
  __device__ void write_gradient() const {
    stretch_part<stored> part;
    part.read(place(work_.out.gradient, gradient_room), size_);
    part.write(&work_.out.gradient.rejected(first_, 0), size_);
  }

 private:
  struct nothing {};
  template <class W>
  static auto reference_part() {
    if constexpr (W::has_reference) {
      return stretch_part<number<decltype(W::reference)>>{};
    } else {
      return nothing{};
    }
  }
  static constexpr std::size_t gradient_room = Work::has_reference ? 2 : 1;

  __device__ unsigned size(index rows) const { return static_cast<unsigned>(rows * work_.policy.longest_row()); }
  /// Where the stretch of a view lies in shared memory.
  template <class View>
  __device__ number<View>* place(const View& view, std::size_t i) const {
    using T = number<View>;
    return reinterpret_cast<T*>(shared_ + i * room) + stretch_part<T>::phase(&view.rejected(first_, 0));
  }

  const Work& work_;
  std::byte* shared_;
  index first_ = 0;
  unsigned size_ = 0;
  stretch_part<stored> policy_;
  decltype(reference_part<Work>()) reference_;
};

/// Rows that are read and written where they lie, in place of a `row_stretch`.
template <class Work>
struct rows_where_they_lie {
  static constexpr std::size_t bytes = 0;

  __device__ rows_where_they_lie(const Work&, std::byte*) {}
};

}  // namespace dynamicpo::inline v1::detail

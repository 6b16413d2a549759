// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "dynamicpo/config.hpp"

/// Asking memory for what is read or written later.
namespace dynamicpo::inline v1::detail {

/// Asks memory for the line so many bytes after `at`, which may lie beyond the array; to write to it if so asked. For
/// the nearest cache, Locality 3, or the next, 2.
template <bool Write = false, int Locality = 3>
DYNAMICPO_INLINE void ask_ahead(const void* at, std::uintptr_t bytes) {
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(at) + bytes), Write ? 1 : 0,
                     Locality);
}

/// Memory to be asked for in parts, each a multiple of so many lines, between other loads and stores: a processor waits
/// for few missing lines at a time, and what is needed now would wait behind a burst of what is needed later.
template <bool Write, std::size_t Lines>
class asked_in_parts {
 public:
  /// Nothing.
  asked_in_parts() = default;
  /// `bytes` from `begin` on, in so many parts, at least one; the last may go beyond.
  DYNAMICPO_INLINE asked_in_parts(const void* begin, std::size_t bytes, std::size_t parts)
      : at_{reinterpret_cast<std::uintptr_t>(begin)} {
    do { part_ += step; } while (part_ * parts < bytes);
  }

  DYNAMICPO_INLINE void ask_for_next() {
    for (const std::uintptr_t stop = at_ + part_; at_ != stop; at_ += step) {
      for (std::size_t line = 0; line < Lines; ++line) {
        ask_ahead<Write>(reinterpret_cast<const void*>(at_), line_bytes * line);
      }
    }
  }

 private:
  static constexpr std::size_t line_bytes = 64;
  static constexpr std::uintptr_t step = line_bytes * Lines;
  std::uintptr_t at_ = 0, part_ = 0;
};

/// Memory to be asked for while columns are worked on: with column j of n its lines j, j + n, ..
class asked_by_column {
 public:
  /// Nothing.
  asked_by_column() = default;
  /// `bytes` from so many after `begin` on, which may lie beyond the array.
  DYNAMICPO_INLINE asked_by_column(const void* begin, std::uintptr_t after, std::size_t bytes, std::size_t columns)
      : begin_{reinterpret_cast<std::uintptr_t>(begin) + after}, bytes_{bytes}, step_{columns * line_bytes} {}

  DYNAMICPO_INLINE void operator()(std::size_t column) const {
    for (std::size_t at = column * line_bytes; at < bytes_; at += step_) {
      ask_ahead(reinterpret_cast<const void*>(begin_), at);
    }
  }

 private:
  static constexpr std::size_t line_bytes = 64;
  std::uintptr_t begin_ = 0;
  std::size_t bytes_ = 0, step_ = 0;
};

struct asks_nothing {
  DYNAMICPO_INLINE void operator()(std::size_t) const {}
};

/// What is read next, of a policy and its reference.
struct asked_scores {
  asked_by_column policy, reference;

  DYNAMICPO_INLINE void operator()(std::size_t column) const {
    policy(column);
    reference(column);
  }
};

}  // namespace dynamicpo::inline v1::detail

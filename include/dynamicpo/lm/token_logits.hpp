// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "dynamicpo/config.hpp"
#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/error.hpp"

namespace dynamicpo::inline v1::lm {

/// Logits [N, T, V] of N sequences, the vocabulary side by side; owns nothing. T: float, double or 16-bit storage.
template <class T>
struct token_logits {
  T* data = nullptr;
  index sequences = 0, tokens = 0, vocabulary = 0;
  index sequence_stride = 0, token_stride = 0;

  DYNAMICPO_HD constexpr T* at(index sequence, index token) const {
    return data + sequence * sequence_stride + token * token_stride;
  }
  template <class U>
    requires(std::is_same_v<U, const T> && !std::is_const_v<T>)
  constexpr operator token_logits<U>() const {  // NOLINT(google-explicit-constructor): mutable to const
    return {data, sequences, tokens, vocabulary, sequence_stride, token_stride};
  }
};

/// Whether two blocks of logits share memory, by the addresses they span.
template <class T, class U>
bool overlap(const token_logits<T>& a, const token_logits<U>& b) {
  const auto span_of = [](const auto& x) {
    const auto reach = [](index count, index stride) { return (count - 1) * stride; };
    const index s = reach(x.sequences, x.sequence_stride), t = reach(x.tokens, x.token_stride);
    const auto low = reinterpret_cast<std::uintptr_t>(x.data + std::min<index>(s, 0) + std::min<index>(t, 0));
    const auto high =
        reinterpret_cast<std::uintptr_t>(x.data + std::max<index>(s, 0) + std::max<index>(t, 0) + x.vocabulary);
    return std::pair(low, high);
  };
  if (a.sequences == 0 || a.tokens == 0 || a.vocabulary == 0) { return false; }
  const auto first = span_of(a), second = span_of(b);
  return first.first < second.second && second.first < first.second;
}

/// \throws std::invalid_argument unless `gradient` has the shape of `logits` and lies apart from them or, when it is
/// not added to, exactly in place.
template <class T, class U>
void require_gradient_of(const char* where, const token_logits<T>& logits, const token_logits<U>& gradient,
                         bool accumulate) {
  using detail::throw_invalid;
  if (gradient.sequences != logits.sequences || gradient.tokens != logits.tokens ||
      gradient.vocabulary != logits.vocabulary) {
    throw_invalid(where, "the gradient has another shape than the logits");
  }
  if (overlap(logits, gradient)) {
    const bool in_place = std::is_same_v<std::remove_const_t<T>, U> &&
                          static_cast<const void*>(gradient.data) == static_cast<const void*>(logits.data) &&
                          gradient.sequence_stride == logits.sequence_stride &&
                          gradient.token_stride == logits.token_stride;
    if (!in_place) { throw_invalid(where, "the gradient overlaps the logits, and not exactly in place"); }
    if (accumulate) { throw_invalid(where, "a gradient in place of the logits cannot be added to them"); }
  }
}

/// Contiguous logits. \throws std::invalid_argument when `memory` is shorter than N T V, or a number is negative.
template <class T>
token_logits<T> view_logits(std::span<T> memory, index sequences, index tokens, index vocabulary) {
  const auto size = static_cast<index>(memory.size());
  const auto fits = [&] {  // without a product that might not
    const index tokens_held = vocabulary > 0 ? size / vocabulary : std::numeric_limits<index>::max();
    return sequences == 0 || tokens == 0 || vocabulary == 0 || tokens <= tokens_held / sequences;
  };
  if (sequences < 0 || tokens < 0 || vocabulary < 0 || !fits()) {
    detail::throw_invalid("lm::view_logits", std::to_string(memory.size()) + " entries for [" +
                                                 std::to_string(sequences) + ", " + std::to_string(tokens) + ", " +
                                                 std::to_string(vocabulary) + "]");
  }
  return {memory.data(), sequences, tokens, vocabulary, tokens * vocabulary, vocabulary};
}

/// Which token of the vocabulary stands at each place, [N, T]. A place is left out where its label is negative or its
/// mask 0 (mask may be empty): prompts and padding.
struct token_labels {
  std::span<const std::int32_t> label{};
  std::span<const std::uint8_t> mask{};

  bool counts(index place) const {
    const auto at = static_cast<std::size_t>(place);
    return label[at] >= 0 && (mask.empty() || mask[at] != 0);
  }
  /// \throws std::invalid_argument when there are fewer than `places`, or a label that counts is no token.
  void require(const char* where, index places, index tokens, index vocabulary) const {
    detail::require_entries(where, "label", label, places);
    detail::require_room(where, "mask", mask, places);
    for (index place = 0; place < places; ++place) {
      if (counts(place) && label[static_cast<std::size_t>(place)] >= vocabulary) {
        detail::throw_invalid(where, "label " + std::to_string(label[static_cast<std::size_t>(place)]) +
                                         " of sequence " + std::to_string(place / tokens) + ", token " +
                                         std::to_string(place % tokens) + " is not below the vocabulary of " +
                                         std::to_string(vocabulary));
      }
    }
  }
};

}  // namespace dynamicpo::inline v1::lm

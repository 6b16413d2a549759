// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <type_traits>

#include "dynamicpo/error.hpp"

namespace dynamicpo::inline v1::lm {

/// The last layer of a language model: logits [N, T, V] = hidden weights^T, which are never there as a whole. Owns
/// nothing. Scored by lm/fused_head.hpp, on a device by lm/device_fused_head.cuh.
template <class T>
struct language_head {
  const T* hidden = nullptr;   ///< [N T, H], row-major
  const T* weights = nullptr;  ///< [V, H], row-major
  index sequences = 0, tokens = 0, vocabulary = 0, width = 0;

  index places() const { return sequences * tokens; }
};

/// \throws std::invalid_argument when an extent is negative. Of another T than float or double: does not compile.
template <class T>
void require_head(const char* where, const language_head<T>& head) {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>, "dynamicpo: a head is of float or double");
  if (head.sequences < 0 || head.tokens < 0 || head.vocabulary < 0 || head.width < 0) {
    detail::throw_invalid(where, "a head of negative extent");
  }
}

/// \throws std::invalid_argument when a gradient, [N T, H] or [V, H] or null, overlaps the head or the other gradient.
template <class T>
void require_gradients_apart(const char* where, const language_head<T>& head, const T* hidden_gradient,
                             const T* weight_gradient) {
  const auto overlap = [](const T* a, index a_size, const T* b, index b_size) {
    return a != nullptr && b != nullptr && std::less<>{}(a, b + b_size) && std::less<>{}(b, a + a_size);
  };
  const index hidden_size = head.places() * head.width, weight_size = head.vocabulary * head.width;
  const auto overlaps_head = [&](const T* gradient, index size) {
    return overlap(gradient, size, head.hidden, hidden_size) || overlap(gradient, size, head.weights, weight_size);
  };
  if (overlaps_head(hidden_gradient, hidden_size) || overlaps_head(weight_gradient, weight_size) ||
      overlap(hidden_gradient, hidden_size, weight_gradient, weight_size)) {
    detail::throw_invalid(where, "a gradient overlaps the hidden states, the weights or the other gradient");
  }
}

}  // namespace dynamicpo::inline v1::lm

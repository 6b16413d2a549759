// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/vocabulary_pass.hpp"
#include "dynamicpo/lm/matrix_product.hpp"
#include "dynamicpo/lm/sequence_outputs.hpp"
#include "dynamicpo/lm/token_logits.hpp"

namespace dynamicpo::inline v1::lm {

/// The last layer of a language model, logits = hidden weights^T, without the logits: `sequence_log_prob` over a tile
/// of them at a time. Memory grows with neither K, T nor V: a tile of 64 x 1024 a thread, and a few numbers a token. T:
/// float or double. The product is the caller's (lm/matrix_product.hpp).
template <class T>
struct language_head {
  const T* hidden = nullptr;   ///< [N T, H], row-major
  const T* weights = nullptr;  ///< [V, H], row-major
  index sequences = 0, tokens = 0, vocabulary = 0, width = 0;

  index places() const { return sequences * tokens; }
};

}  // namespace dynamicpo::inline v1::lm

namespace dynamicpo::inline v1::detail {

/// The places of a head that take part, tile by tile.
template <class T, class Product>
class head_tiles {
 public:
  static constexpr index rows = 64, columns = static_cast<index>(vocabulary_piece);

  head_tiles(const lm::language_head<T>& head, const lm::token_labels& labels, const Product& product)
      : head_{head}, labels_{labels}, product_{product} {}

  std::vector<index> place;  ///< those that take part, in order
  std::vector<softmax_sums> sums;
  std::vector<T> label_logit;
  std::vector<double> coefficient;  ///< of each, where there is a gradient

  index row_tiles() const { return (static_cast<index>(place.size()) + rows - 1) / rows; }
  index column_tiles() const { return (head_.vocabulary + columns - 1) / columns; }

  struct room {
    std::vector<T> hidden, tile, gradient;
  };
  struct extent {
    index first, count;
  };
  extent rows_of(index tile) const { return part(tile, rows, static_cast<index>(place.size())); }
  extent columns_of(index tile) const { return part(tile, columns, head_.vocabulary); }

  /// The hidden states of a tile's rows, side by side.
  void gather(const extent& from, room& to) const {
    const auto width = static_cast<std::size_t>(head_.width);
    to.hidden.resize(static_cast<std::size_t>(rows) * width);
    to.tile.resize(static_cast<std::size_t>(rows * columns));
    for (index r = 0; r < from.count; ++r) {
      const T* const state = head_.hidden + place[static_cast<std::size_t>(from.first + r)] * head_.width;
      std::copy(state, state + width,
                to.hidden.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(r) * width));
    }
  }
  void logits(const extent& down, const extent& across, room& at) const {
    const lm::operand<T> states{at.hidden.data(), head_.width}, weights{weights_of(across), head_.width, true};
    product_(down.count, across.count, head_.width, states, weights, at.tile.data(), columns, false);
  }
  const T* weights_of(const extent& across) const { return head_.weights + across.first * head_.width; }

  /// softmax sums and label logits of a tile's rows, over the whole vocabulary.
  void add_up(index row_tile, bool with_entropy, room& at) {
    const extent down = rows_of(row_tile);
    gather(down, at);
    for (index c = 0; c < column_tiles(); ++c) {
      const extent across = columns_of(c);
      logits(down, across, at);
      run_on_this_processor([&](auto bytes) {
        using V = lanes<T, 64 / sizeof(T), bytes>;
        for (index r = 0; r < down.count; ++r) {
          const auto i = static_cast<std::size_t>(down.first + r);
          const T* const row = at.tile.data() + r * columns;
          add_piece<V>(row, across.first, static_cast<std::size_t>(across.count), with_entropy, sums[i]);
          const index label = labels_.label[static_cast<std::size_t>(place[i])] - across.first;
          if (label >= 0 && label < across.count) { label_logit[i] = row[label]; }
        }
      });
    }
  }

  /// The tile's logits become coefficient ([v = label] - softmax).
  void differentiate(const extent& down, const extent& across, room& at) const {
    logits(down, across, at);
    run_on_this_processor([&](auto bytes) {
      using V = lanes<T, 64 / sizeof(T), bytes>;
      for (index r = 0; r < down.count; ++r) {
        const auto i = static_cast<std::size_t>(down.first + r);
        T* const row = at.tile.data() + r * columns;
        softmax_gradient<V>(static_cast<const T*>(row), across.count, sums[i],
                            labels_.label[static_cast<std::size_t>(place[i])] - across.first, coefficient[i], false,
                            row);
      }
    });
  }

 private:
  static extent part(index tile, index size, index all) { return {tile * size, std::min(size, all - tile * size)}; }

  const lm::language_head<T>& head_;
  const lm::token_labels& labels_;
  const Product& product_;
};

template <class T, class Product, class Exec, class Wanted>
head_tiles<T, Product> tiles_of(const char* where, const Exec& exec, const Product& product,
                                const lm::language_head<T>& head, const lm::token_labels& labels, bool with_entropy,
                                const Wanted& wanted) {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>, "dynamicpo: a head is of float or double");
  static_assert(lm::matrix_product<Product, T>, "dynamicpo: not a product of matrices; see lm/matrix_product.hpp");
  if (head.sequences < 0 || head.tokens < 0 || head.vocabulary < 0 || head.width < 0) {
    throw_invalid(where, "a head of negative extent");
  }
  labels.require(where, head.places(), head.tokens, head.vocabulary);
  head_tiles<T, Product> tiles(head, labels, product);
  for (index place = 0; place < head.places(); ++place) {
    if (labels.counts(place) && wanted(place / head.tokens)) { tiles.place.push_back(place); }
  }
  tiles.sums.resize(tiles.place.size());
  tiles.label_logit.resize(tiles.place.size());
  std::vector<typename head_tiles<T, Product>::room> rooms(static_cast<std::size_t>(exec.lanes(tiles.row_tiles())));
  exec.for_each_block(tiles.row_tiles(), [&](index tile, index lane) {
    tiles.add_up(tile, with_entropy, rooms[static_cast<std::size_t>(lane)]);
  });
  return tiles;
}

}  // namespace dynamicpo::inline v1::detail

namespace dynamicpo::inline v1::lm {

/// sequence_log_prob of a head; outputs, odd inputs and errors as there (argmax too). Cost: one product [N T, H] x [H,
/// V] over the places that count. The same bits for any policy.
template <class Exec, class Product, class T>
void fused_log_prob(const Exec& exec, const Product& product, const language_head<T>& head, const token_labels& labels,
                    const sequence_outputs& out) {
  constexpr const char* where = "lm::fused_log_prob";
  out.require(where, head.sequences, head.tokens);
  const auto tiles =
      detail::tiles_of(where, exec, product, head, labels, !out.entropy.empty(), [](index) { return true; });
  std::fill_n(out.log_prob.begin(), head.sequences, 0.0);
  if (!out.count.empty()) { std::fill_n(out.count.begin(), head.sequences, 0); }
  if (!out.entropy.empty()) { std::fill_n(out.entropy.begin(), head.sequences, 0.0); }
  if (!out.argmax.empty()) { std::fill_n(out.argmax.begin(), head.places(), -1); }
  for (std::size_t i = 0; i < tiles.place.size(); ++i) {
    const auto place = static_cast<std::size_t>(tiles.place[i]);
    const auto sequence = static_cast<std::size_t>(tiles.place[i] / head.tokens);
    const detail::softmax_sums& sums = tiles.sums[i];
    out.log_prob[sequence] += sums.log_probability(static_cast<double>(tiles.label_logit[i]));
    if (!out.count.empty()) { ++out.count[sequence]; }
    if (!out.entropy.empty()) { out.entropy[sequence] += sums.entropy(); }
    if (!out.argmax.empty()) { out.argmax[place] = static_cast<std::int32_t>(sums.argmax); }
  }
}

/// The gradient of sum over n of coefficient_n log_prob_n by the hidden states [N T, H] and the weights [V, H]; either
/// may be null, none may overlap another array. Written, or added with `accumulate`. Sequences of coefficient 0 and
/// places that do not count are neither read nor multiplied: outside the boundary a negative costs nothing. Cost: up to
/// five products over the places left (logits once for the sums and once for each gradient, and the two gradients). The
/// same bits for any policy.
template <class Exec, class Product, class T>
void fused_log_prob_backward(const Exec& exec, const Product& product, const language_head<T>& head,
                             const token_labels& labels, std::span<const double> coefficient, T* hidden_gradient,
                             T* weight_gradient, bool accumulate = false) {
  constexpr const char* where = "lm::fused_log_prob_backward";
  if (static_cast<index>(coefficient.size()) < head.sequences) {
    detail::throw_invalid(where, "coefficient has " + std::to_string(coefficient.size()) + " entries, expected " +
                                     std::to_string(head.sequences));
  }
  const auto overlap = [](const T* a, index a_size, const T* b, index b_size) {
    return a != nullptr && std::less<>{}(a, b + b_size) && std::less<>{}(b, a + a_size);
  };
  const index hidden_size = head.places() * head.width, weight_size = head.vocabulary * head.width;
  if (overlap(hidden_gradient, hidden_size, head.hidden, hidden_size) ||
      overlap(hidden_gradient, hidden_size, head.weights, weight_size) ||
      overlap(weight_gradient, weight_size, head.hidden, hidden_size) ||
      overlap(weight_gradient, weight_size, head.weights, weight_size) ||
      (weight_gradient != nullptr && overlap(hidden_gradient, hidden_size, weight_gradient, weight_size))) {
    detail::throw_invalid(where, "a gradient overlaps the hidden states, the weights or the other gradient");
  }
  auto tiles = detail::tiles_of(where, exec, product, head, labels, false,
                                [&](index sequence) { return coefficient[static_cast<std::size_t>(sequence)] != 0; });
  for (const index place : tiles.place) {
    tiles.coefficient.push_back(coefficient[static_cast<std::size_t>(place / head.tokens)]);
  }
  using room = typename decltype(tiles)::room;
  if (hidden_gradient != nullptr) {
    if (!accumulate) { std::fill_n(hidden_gradient, head.places() * head.width, T(0)); }
    std::vector<room> rooms(static_cast<std::size_t>(exec.lanes(tiles.row_tiles())));
    exec.for_each_block(tiles.row_tiles(), [&](index tile, index lane) {
      room& at = rooms[static_cast<std::size_t>(lane)];
      const auto down = tiles.rows_of(tile);
      tiles.gather(down, at);
      at.gradient.assign(at.hidden.size(), T(0));
      for (index c = 0; c < tiles.column_tiles(); ++c) {
        const auto across = tiles.columns_of(c);
        tiles.differentiate(down, across, at);
        const operand<T> pulls{at.tile.data(), tiles.columns}, weights{tiles.weights_of(across), head.width};
        product(down.count, head.width, across.count, pulls, weights, at.gradient.data(), head.width, true);
      }
      for (index r = 0; r < down.count; ++r) {
        T* const to = hidden_gradient + tiles.place[static_cast<std::size_t>(down.first + r)] * head.width;
        for (index h = 0; h < head.width; ++h) { to[h] += at.gradient[static_cast<std::size_t>(r * head.width + h)]; }
      }
    });
  }
  if (weight_gradient != nullptr) {
    if (!accumulate) { std::fill_n(weight_gradient, head.vocabulary * head.width, T(0)); }
    std::vector<room> rooms(static_cast<std::size_t>(exec.lanes(tiles.column_tiles())));
    exec.for_each_block(tiles.column_tiles(), [&](index tile, index lane) {
      room& at = rooms[static_cast<std::size_t>(lane)];
      const auto across = tiles.columns_of(tile);
      for (index r = 0; r < tiles.row_tiles(); ++r) {
        const auto down = tiles.rows_of(r);
        tiles.gather(down, at);
        tiles.differentiate(down, across, at);
        const operand<T> pulls{at.tile.data(), tiles.columns, true}, states{at.hidden.data(), head.width};
        product(across.count, head.width, down.count, pulls, states, weight_gradient + across.first * head.width,
                head.width, true);
      }
    });
  }
}

}  // namespace dynamicpo::inline v1::lm

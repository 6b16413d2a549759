// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dynamicpo/detail/arguments.hpp"
#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/vocabulary_pass.hpp"
#include "dynamicpo/lm/language_head.hpp"
#include "dynamicpo/lm/matrix_product.hpp"
#include "dynamicpo/lm/sequence_outputs.hpp"
#include "dynamicpo/lm/token_logits.hpp"

namespace dynamicpo::inline v1::detail {

/// The places of a head that take part, in tiles of 64, by 1024 tokens of the vocabulary. Which places a tile has
/// depends on labels and coefficients alone.
template <class T, class Product>
class head_tiles {
 public:
  static constexpr index rows = 64, columns = static_cast<index>(vocabulary_piece), wave = 256;

  /// \param coefficient  of each sequence: those of 0 take no part; empty: all do.
  head_tiles(const char* where, const Product& product, const lm::language_head<T>& head,
             const lm::token_labels& labels, std::span<const double> coefficient)
      : product_{product}, head_{head}, labels_{labels}, coefficient_{coefficient} {
    static_assert(lm::matrix_product<Product, T>, "dynamicpo: not a product of matrices; see lm/matrix_product.hpp");
    lm::require_head(where, head);
    labels.require(where, head.places(), head.tokens, head.vocabulary);
  }

  struct extent {
    index first, count;
  };
  /// What a thread works in: the places of one tile of rows, their hidden states side by side, one tile of logits.
  struct room {
    index count = 0;
    std::array<index, rows> place;
    std::array<softmax_sums, rows> sums;
    std::array<T, rows> label_logit;
    std::vector<T> hidden, logits, gradient;
  };

  index column_tiles() const { return (head_.vocabulary + columns - 1) / columns; }
  extent columns_of(index tile) const { return {tile * columns, std::min(columns, head_.vocabulary - tile * columns)}; }
  index sequence_of(index place) const { return place / head_.tokens; }
  const T* weights_of(const extent& across) const { return head_.weights + across.first * head_.width; }

  /// work(room) for all tiles of places, in order.
  template <class Work>
  void for_each_row_tile(room& at, const Work& work) const {
    for (index next = gather(0, at); at.count > 0; next = gather(next, at)) { work(at); }
  }

  /// work(tile, room) for all tiles of places, `wave` of them at a time numbered from 0; after(how many) follows each
  /// wave. So what is kept of a tile is kept of no more than these.
  template <class Exec, class Work, class After>
  void for_each_row_tile(const Exec& exec, const Work& work, const After& after) const {
    std::array<index, wave> starts;
    std::vector<room> rooms(static_cast<std::size_t>(exec.lanes(wave)));
    for (index place = 0; place < head_.places();) {
      index count = 0;
      for (index seen = 0; place < head_.places(); ++place) {
        if (!takes_part(place)) { continue; }
        if (seen % rows == 0) {
          if (count == wave) { break; }
          starts[static_cast<std::size_t>(count++)] = place;
        }
        ++seen;
      }
      exec.for_each_block(count, [&](index tile, index lane) {
        room& at = rooms[static_cast<std::size_t>(lane)];
        gather(starts[static_cast<std::size_t>(tile)], at);
        work(tile, at);
      });
      after(count);
    }
  }

  /// softmax sums and label logits of what was gathered, over the whole vocabulary.
  void add_up(bool with_entropy, room& at) const {
    at.sums = {};
    for (index c = 0; c < column_tiles(); ++c) {
      const extent across = columns_of(c);
      multiply(across, at);
      run_on_this_processor([&](auto bytes) {
        using V = lanes<T, 64 / sizeof(T), bytes>;
        for (index r = 0; r < at.count; ++r) {
          const auto i = static_cast<std::size_t>(r);
          const T* const row = at.logits.data() + r * columns;
          const auto count = static_cast<std::size_t>(across.count);
          const auto add = [&](auto entropy) __attribute__((always_inline)) {
            vocabulary_sums<V, entropy> sums;
            sums.add(row, across.first, count, lookahead<T>{});
            at.sums[i].merge(sums.total());
          };
          if (with_entropy) {
            add(std::true_type{});
          } else {
            add(std::false_type{});
          }
          const index label = label_of(at.place[i]) - across.first;
          if (label >= 0 && label < across.count) { at.label_logit[i] = row[label]; }
        }
      });
    }
  }

  /// The logits of what was gathered become coefficient ([v = label] - softmax).
  void differentiate(const extent& across, std::span<const double> log_sum, room& at) const {
    multiply(across, at);
    run_on_this_processor([&](auto bytes) {
      using V = lanes<T, 64 / sizeof(T), bytes>;
      for (index r = 0; r < at.count; ++r) {
        const index place = at.place[static_cast<std::size_t>(r)];
        T* const row = at.logits.data() + r * columns;
        softmax_gradient<V>(static_cast<const T*>(row), across.count, log_sum[static_cast<std::size_t>(place)],
                            label_of(place) - across.first, coefficient_[static_cast<std::size_t>(sequence_of(place))],
                            false, row);
      }
    });
  }

 private:
  /// The places from `place` on that one tile has. \return the place after them.
  index gather(index place, room& at) const {
    at.hidden.resize(static_cast<std::size_t>(rows * head_.width));
    at.logits.resize(static_cast<std::size_t>(rows * columns));
    at.count = 0;
    for (; place < head_.places() && at.count < rows; ++place) {
      if (!takes_part(place)) { continue; }
      const T* const state = head_.hidden + place * head_.width;
      std::copy(state, state + head_.width, at.hidden.begin() + at.count * head_.width);
      at.place[static_cast<std::size_t>(at.count++)] = place;
    }
    return place;
  }
  bool takes_part(index place) const {
    return labels_.counts(place) &&
           (coefficient_.empty() || coefficient_[static_cast<std::size_t>(sequence_of(place))] != 0);
  }
  index label_of(index place) const { return labels_.label[static_cast<std::size_t>(place)]; }
  void multiply(const extent& across, room& at) const {
    const lm::operand<T> states{at.hidden.data(), head_.width}, weights{weights_of(across), head_.width, true};
    product_(at.count, across.count, head_.width, states, weights, at.logits.data(), columns, false);
  }

  const Product& product_;
  const lm::language_head<T>& head_;
  const lm::token_labels& labels_;
  std::span<const double> coefficient_;
};

/// A sequence's share of what a tile adds up.
struct sequence_part {
  index sequence = -1;
  double log_prob = 0, entropy = 0;
  std::int32_t count = 0;

  void add_to(const lm::sequence_outputs& out) const {
    if (sequence < 0) { return; }
    const auto at = static_cast<std::size_t>(sequence);
    out.log_prob[at] += log_prob;
    if (!out.entropy.empty()) { out.entropy[at] += entropy; }
    if (!out.count.empty()) { out.count[at] += count; }
  }
};

}  // namespace dynamicpo::inline v1::detail

namespace dynamicpo::inline v1::lm {

/// sequence_log_prob of a head; outputs, odd inputs and errors as there (argmax and log_sum too). T: float or double.
/// Memory grows with neither K, T nor V: a tile of 64 x 1024 logits a thread, and a byte or two a token. Cost: one
/// product [N T, H] x [H, V] over the places that count, by the caller's `product` (lm/matrix_product.hpp). The same
/// bits for any policy.
template <class Exec, class Product, class T>
void fused_log_prob(const Exec& exec, const Product& product, const language_head<T>& head, const token_labels& labels,
                    const sequence_outputs& out) {
  constexpr const char* where = "lm::fused_log_prob";
  const detail::head_tiles<T, Product> tiles(where, product, head, labels, {});
  out.require(where, head.sequences, head.tokens);
  std::fill_n(out.log_prob.begin(), head.sequences, 0.0);
  if (!out.count.empty()) { std::fill_n(out.count.begin(), head.sequences, 0); }
  if (!out.entropy.empty()) { std::fill_n(out.entropy.begin(), head.sequences, 0.0); }
  if (!out.argmax.empty()) { std::fill_n(out.argmax.begin(), head.places(), -1); }
  if (!out.log_sum.empty()) { std::fill_n(out.log_sum.begin(), head.places(), 0.0); }

  // Only the first and the last sequence of a tile may have places in another: these are added up afterwards, in order.
  struct ends {
    detail::sequence_part first, last;
  };
  std::array<ends, detail::head_tiles<T, Product>::wave> parts;
  const auto add_up = [&](index tile, auto& at) {
    tiles.add_up(!out.entropy.empty(), at);
    ends made;
    detail::sequence_part current;
    const auto close = [&] {
      if (made.first.sequence < 0) {
        made.first = current;
      } else {
        current.add_to(out);
      }
    };
    for (std::size_t i = 0; i < static_cast<std::size_t>(at.count); ++i) {
      const auto place = static_cast<std::size_t>(at.place[i]);
      const index sequence = tiles.sequence_of(at.place[i]);
      if (current.sequence != sequence) {
        if (current.sequence >= 0) { close(); }
        current = {sequence};
      }
      const detail::softmax_sums& sums = at.sums[i];
      current.log_prob += sums.log_probability(static_cast<double>(at.label_logit[i]));
      if (!out.entropy.empty()) { current.entropy += sums.entropy(); }
      ++current.count;
      if (!out.argmax.empty()) { out.argmax[place] = static_cast<std::int32_t>(sums.argmax); }
      if (!out.log_sum.empty()) { out.log_sum[place] = sums.log_sum(); }
    }
    (made.first.sequence < 0 ? made.first : made.last) = current;
    parts[static_cast<std::size_t>(tile)] = made;
  };
  tiles.for_each_row_tile(exec, add_up, [&](index count) {
    for (std::size_t tile = 0; tile < static_cast<std::size_t>(count); ++tile) {
      parts[tile].first.add_to(out);
      parts[tile].last.add_to(out);
    }
  });
}

/// The gradient of sum over n of coefficient_n log_prob_n by the hidden states [N T, H] and the weights [V, H]; either
/// may be null, none may overlap another array. Written, or added with `accumulate`. Sequences of coefficient 0 and
/// places that do not count are neither read nor multiplied: outside the boundary a negative costs nothing.
/// \param log_sum  [N, T] as fused_log_prob gives it for this head, or empty: then it is computed, at the cost of
///                 fused_log_prob and 8 bytes a token.
/// Cost: two products over the places left for each gradient: the logits again, and the gradient. The same bits for any
/// policy.
template <class Exec, class Product, class T>
void fused_log_prob_backward(const Exec& exec, const Product& product, const language_head<T>& head,
                             const token_labels& labels, std::span<const double> coefficient, T* hidden_gradient,
                             T* weight_gradient, bool accumulate = false, std::span<const double> log_sum = {}) {
  constexpr const char* where = "lm::fused_log_prob_backward";
  detail::require_entries(where, "coefficient", coefficient, head.sequences);
  detail::require_room(where, "log_sum", log_sum, head.places());
  require_gradients_apart(where, head, hidden_gradient, weight_gradient);
  const detail::head_tiles<T, Product> tiles(where, product, head, labels, coefficient);
  std::vector<double> computed;
  if (log_sum.empty()) {
    computed.resize(static_cast<std::size_t>(head.places()));
    log_sum = computed;
    const auto find = [&](index, auto& at) {
      tiles.add_up(false, at);
      for (std::size_t i = 0; i < static_cast<std::size_t>(at.count); ++i) {
        computed[static_cast<std::size_t>(at.place[i])] = at.sums[i].log_sum();
      }
    };
    tiles.for_each_row_tile(exec, find, [](index) {});
  }
  if (hidden_gradient != nullptr) {
    if (!accumulate) { std::fill_n(hidden_gradient, head.places() * head.width, T(0)); }
    const auto differentiate = [&](index, auto& at) {
      at.gradient.assign(at.hidden.size(), T(0));
      for (index c = 0; c < tiles.column_tiles(); ++c) {
        const auto across = tiles.columns_of(c);
        tiles.differentiate(across, log_sum, at);
        const operand<T> pulls{at.logits.data(), tiles.columns}, weights{tiles.weights_of(across), head.width};
        product(at.count, head.width, across.count, pulls, weights, at.gradient.data(), head.width, true);
      }
      for (index r = 0; r < at.count; ++r) {
        T* const to = hidden_gradient + at.place[static_cast<std::size_t>(r)] * head.width;
        for (index h = 0; h < head.width; ++h) { to[h] += at.gradient[static_cast<std::size_t>(r * head.width + h)]; }
      }
    };
    tiles.for_each_row_tile(exec, differentiate, [](index) {});
  }
  if (weight_gradient != nullptr) {
    if (!accumulate) { std::fill_n(weight_gradient, head.vocabulary * head.width, T(0)); }
    using room = typename detail::head_tiles<T, Product>::room;
    std::vector<room> rooms(static_cast<std::size_t>(exec.lanes(tiles.column_tiles())));
    exec.for_each_block(tiles.column_tiles(), [&](index tile, index lane) {
      const auto across = tiles.columns_of(tile);
      tiles.for_each_row_tile(rooms[static_cast<std::size_t>(lane)], [&](room& at) {
        tiles.differentiate(across, log_sum, at);
        const operand<T> pulls{at.logits.data(), tiles.columns, true}, states{at.hidden.data(), head.width};
        product(across.count, head.width, at.count, pulls, states, weight_gradient + across.first * head.width,
                head.width, true);
      });
    });
  }
}

}  // namespace dynamicpo::inline v1::lm

// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "dynamicpo/config.hpp"
#include "dynamicpo/error.hpp"
#include "dynamicpo/score/access.hpp"
#include "dynamicpo/score/lasting_span.hpp"
#include "dynamicpo/score/scalar.hpp"
#include "dynamicpo/score/space.hpp"
#include "dynamicpo/score/strided.hpp"

namespace dynamicpo::inline v1 {

/// View of one score per item: B rows, each one chosen item and K_b rejected ones. Log-probabilities in nats, or any
/// real score. Trivially copyable; owns nothing; made by `view`.
///
/// Dense: every row has K rejected, at any two strides. Ragged: row b owns positions [offsets[b], offsets[b+1]) of one
/// array. The *flat position* of rejected (b, k) is b K + k when dense and offsets[b] + k when ragged, whatever the
/// strides; masks, lengths and per-negative outputs are indexed by it.
template <class T, class Space = space::host>
class scores {
 public:
  using element_type = T;
  using value_type = std::remove_const_t<T>;
  using space_type = Space;

  constexpr scores() = default;

  /// Dense; chosen.size rows, rejected must have as many.
  constexpr scores(strided_span<T> chosen, strided_matrix<T> rejected)
      : chosen_{chosen.data},
        rejected_{rejected.data},
        rows_{chosen.size},
        negatives_{rejected.columns},
        chosen_stride_{chosen.stride},
        row_stride_{rejected.row_stride},
        column_stride_{rejected.column_stride} {}

  /// Ragged; `offsets` has rows + 1 entries, monotone, the last at most rejected.size.
  constexpr scores(strided_span<T> chosen, strided_span<T> rejected, const std::int64_t* offsets)
      : chosen_{chosen.data},
        rejected_{rejected.data},
        offsets_{offsets},
        rows_{chosen.size},
        chosen_stride_{chosen.stride},
        column_stride_{rejected.stride} {}

  /// Ragged where the host cannot read the offsets: no row is longer than `longest_row`.
  constexpr scores(strided_span<T> chosen, strided_span<T> rejected, const std::int64_t* offsets, index longest_row)
      : scores(chosen, rejected, offsets) {
    negatives_ = longest_row;
  }

  /// A view of mutable scores is a view of const scores.
  template <class U>
    requires(std::is_same_v<const U, T> && !std::is_same_v<U, T>)
  DYNAMICPO_HD constexpr scores(const scores<U, Space>& other) noexcept  // NOLINT(google-explicit-constructor)
      : chosen_{other.chosen_},
        rejected_{other.rejected_},
        offsets_{other.offsets_},
        mask_{other.mask_},
        chosen_lengths_{other.chosen_lengths_},
        rejected_lengths_{other.rejected_lengths_},
        rows_{other.rows_},
        negatives_{other.negatives_},
        chosen_stride_{other.chosen_stride_},
        row_stride_{other.row_stride_},
        column_stride_{other.column_stride_} {}

  DYNAMICPO_HD constexpr index rows() const noexcept { return rows_; }
  DYNAMICPO_HD constexpr bool ragged() const noexcept { return offsets_ != nullptr; }
  /// Rejected of the longest row, as far as it is known without reading offsets: K when dense; ragged, what the view
  /// was made with, or 0.
  DYNAMICPO_HD constexpr index longest_row() const noexcept { return negatives_; }
  constexpr const std::int64_t* offsets_data() const noexcept { return offsets_; }
  /// Rejected items of a row, masked ones included.
  DYNAMICPO_HD constexpr index negatives(index row) const noexcept {
    return ragged() ? static_cast<index>(offsets_[row + 1] - offsets_[row]) : negatives_;
  }
  /// Flat position of rejected (row, 0); `flat(rows())` is the end.
  DYNAMICPO_HD constexpr index flat(index row) const noexcept {
    return ragged() ? static_cast<index>(offsets_[row]) : row * negatives_;
  }
  DYNAMICPO_HD constexpr T& chosen(index row) const noexcept { return chosen_[row * chosen_stride_]; }
  DYNAMICPO_HD constexpr T& rejected(index row, index k) const noexcept {
    return ragged() ? rejected_[(static_cast<index>(offsets_[row]) + k) * column_stride_]
                    : rejected_[row * row_stride_ + k * column_stride_];
  }

  /// The same scores, dense, to whoever asks for the rejected of one row alone: they lie at `rejected`, one after
  /// another.
  DYNAMICPO_HD constexpr scores with_row_at(T* rejected) const noexcept {
    scores result = *this;
    result.rejected_ = rejected;
    result.row_stride_ = 0;
    result.column_stride_ = 1;
    return result;
  }

  DYNAMICPO_HD constexpr bool masked() const noexcept { return mask_ != nullptr; }
  DYNAMICPO_HD constexpr bool length_normalised() const noexcept { return chosen_lengths_ != nullptr; }
  /// Whether rejected (row, k) takes part: not masked out, and its sequence is not empty. Reads no score.
  DYNAMICPO_HD constexpr bool present(index row, index k) const noexcept {
    const index position = flat(row) + k;
    return (!masked() || mask_[position] != 0) && (!length_normalised() || rejected_lengths_[position] > 0);
  }
  /// Tokens a score is divided by; 1 without length normalisation.
  DYNAMICPO_HD constexpr std::int32_t chosen_length(index row) const noexcept {
    return length_normalised() ? chosen_lengths_[row] : 1;
  }
  DYNAMICPO_HD constexpr std::int32_t rejected_length(index row, index k) const noexcept {
    return length_normalised() ? rejected_lengths_[flat(row) + k] : 1;
  }

  /// The same scores where negatives with mask 0 are absent: not read, and the result is the same to the bit as if
  /// they were not there. `mask` is indexed by flat position and lives where the scores do. \throws
  /// std::invalid_argument when it is too short.
  constexpr scores with_mask(lasting_span<std::uint8_t> mask) const {
    if (reads_offsets()) { require_flat("with_mask: mask", mask.size(), flat(rows_)); }
    scores result = *this;
    result.mask_ = mask.data();
    return result;
  }

  /// The same sequence log-probabilities, each divided by its number of tokens (the log of the geometric mean token
  /// probability). Gradients stay with respect to the undivided sums. A length of 0 or less is an empty sequence: an
  /// empty chosen makes its row invalid, an empty rejected is absent. \throws std::invalid_argument when too short.
  constexpr scores with_lengths(lasting_span<std::int32_t> chosen_lengths,
                                lasting_span<std::int32_t> rejected_lengths) const {
    require_flat("with_lengths: chosen", chosen_lengths.size(), rows_);
    if (reads_offsets()) { require_flat("with_lengths: rejected", rejected_lengths.size(), flat(rows_)); }
    scores result = *this;
    result.chosen_lengths_ = chosen_lengths.data();
    result.rejected_lengths_ = rejected_lengths.data();
    return result;
  }

  /// Rows [first, first + count) as a view of their own; ragged slices keep their flat positions.
  constexpr scores slice(index first, index count) const {
    if (first < 0 || count < 0 || first > rows_ || count > rows_ - first) {
      detail::throw_invalid("scores::slice", std::to_string(count) + " rows from row " + std::to_string(first) +
                                                 " of a view with " + std::to_string(rows_) + " rows");
    }
    scores result = *this;
    result.rows_ = count;
    result.chosen_ += first * chosen_stride_;
    const index skipped = ragged() ? 0 : first * negatives_;
    if (ragged()) {
      result.offsets_ += first;
    } else {
      result.rejected_ += first * row_stride_;
    }
    if (masked()) { result.mask_ += skipped; }
    if (length_normalised()) {
      result.chosen_lengths_ += first;
      result.rejected_lengths_ += skipped;
    }
    return result;
  }

  // The memory behind the view, for alias checks and backends.
  DYNAMICPO_HD constexpr const std::uint8_t* mask_data() const noexcept { return mask_; }
  DYNAMICPO_HD constexpr strided_span<T> chosen_span() const noexcept { return {chosen_, rows_, chosen_stride_}; }
  /// Dense: the matrix. Ragged: one row holding flat positions [0, flat(rows())).
  DYNAMICPO_HD constexpr strided_matrix<T> rejected_matrix() const noexcept {
    return ragged() ? strided_matrix<T>{rejected_, rows_ == 0 ? 0 : 1, flat(rows_), 0, column_stride_}
                    : strided_matrix<T>{rejected_, rows_, negatives_, row_stride_, column_stride_};
  }

  std::string shape() const {
    return detail::shape_text(rows_, ragged() ? flat(rows_) - flat(0) : negatives_, ragged());
  }

  /// Whether the other view has as many rows, each with as many rejected. O(1) when dense or offsets are shared,
  /// O(B) otherwise.
  template <class U>
  constexpr bool same_shape(const scores<U, Space>& other) const noexcept {
    if (rows_ != other.rows()) { return false; }
    if (!ragged() && !other.ragged()) { return rows_ == 0 || negatives_ == other.negatives_; }
    if (offsets_ == other.offsets_) { return true; }
    for (index row = 0; row < rows_; ++row) {
      if (negatives(row) != other.negatives(row)) { return false; }
    }
    return true;
  }

 private:
  template <class, class>
  friend class scores;

  /// Whether the host can tell how many rejected there are.
  constexpr bool reads_offsets() const noexcept { return std::is_same_v<Space, space::host> || !ragged(); }

  static constexpr void require_flat(const char* what, std::size_t found, index expected) {
    if (static_cast<index>(found) < expected) {
      detail::throw_invalid("scores", std::string(what) + " has " + std::to_string(found) + " entries, expected " +
                                          std::to_string(expected));
    }
  }

  T* chosen_ = nullptr;
  T* rejected_ = nullptr;
  const std::int64_t* offsets_ = nullptr;
  const std::uint8_t* mask_ = nullptr;
  const std::int32_t* chosen_lengths_ = nullptr;
  const std::int32_t* rejected_lengths_ = nullptr;
  index rows_ = 0;
  index negatives_ = 0;
  index chosen_stride_ = 1;
  index row_stride_ = 0;
  index column_stride_ = 1;
};

/// In the reference's place: log-ratios are the policy scores themselves.
struct reference_free_t {};
inline constexpr reference_free_t reference_free{};

namespace detail {

// Both halves of a view get one element type: const as soon as either is.
template <class A, class B>
using common_element = std::conditional_t<std::is_const_v<A>, std::add_const_t<B>, B>;

template <class T, class U>
constexpr strided_span<T> retype(strided_span<U> s) {
  return {s.data, s.size, s.stride};
}
template <class T, class U>
constexpr strided_matrix<T> retype(strided_matrix<U> m) {
  return {m.data, m.rows, m.columns, m.row_stride, m.column_stride};
}

// One score per row: a vector, or a matrix with one column.
template <class X>
constexpr auto chosen_as_span(X&& x) {
  if constexpr (one_dimensional<X>) {
    return as_span(x);
  } else {
    const auto matrix = as_matrix(x);
    if (matrix.columns != 1) {
      throw_invalid("view", "chosen is [" + std::to_string(matrix.rows) + ", " + std::to_string(matrix.columns) +
                                "], expected one column");
    }
    return strided_span{matrix.data, matrix.rows, matrix.row_stride};
  }
}

// [B, K]: a matrix, or a flat row-major array cut into B rows.
template <class X>
constexpr auto rejected_as_matrix(X&& x, index rows) {
  if constexpr (two_dimensional<X>) {
    const auto matrix = as_matrix(x);
    if (matrix.rows != rows) {
      throw_invalid("view", "chosen is [" + std::to_string(rows) + "], rejected is [" + std::to_string(matrix.rows) +
                                ", " + std::to_string(matrix.columns) + "]: the rows differ");
    }
    return matrix;
  } else {
    const auto flat = as_span(x);
    if (rows == 0 ? flat.size != 0 : flat.size % rows != 0) {
      throw_invalid("view", "chosen is [" + std::to_string(rows) + "], rejected is [" + std::to_string(flat.size) +
                                "]: not a whole number of rejected a row");
    }
    const index columns = rows == 0 ? 0 : flat.size / rows;
    return strided_matrix{flat.data, rows, columns, columns * flat.stride, flat.stride};
  }
}

template <class T, class Element>
inline constexpr bool viewable_as = std::is_same_v<std::remove_const_t<T>, std::remove_const_t<Element>>;

}  // namespace detail

/// Dense view over chosen [B] and rejected [B, K]: contiguous ranges (rejected flat, row-major), strided_span and
/// strided_matrix, mdspan-like views, and whatever adapt/ adds. Nothing is copied.
/// \throws std::invalid_argument when the sizes do not fit, naming both.
template <class Chosen, class Rejected>
constexpr auto view(Chosen&& chosen, Rejected&& rejected) {
  static_assert(
      detail::one_dimensional<Chosen> || detail::two_dimensional<Chosen>,
      "dynamicpo::view: chosen is not viewable memory (a contiguous range, strided_span, mdspan-like view, or "
      "a container for which an adapt/ header is included; lazy expressions must be evaluated first)");
  static_assert(
      detail::one_dimensional<Rejected> || detail::two_dimensional<Rejected>,
      "dynamicpo::view: rejected is not viewable memory (a contiguous range, strided_matrix, mdspan-like "
      "view, or a container for which an adapt/ header is included; lazy expressions must be evaluated first)");
  static_assert(
      detail::outlives_call<Chosen> && detail::outlives_call<Rejected>,
      "dynamicpo::view: refuses a temporary container, its memory ends before the view is used; name it first");
  if constexpr ((detail::one_dimensional<Chosen> || detail::two_dimensional<Chosen>)&&(
                    detail::one_dimensional<Rejected> || detail::two_dimensional<Rejected>)) {
    const auto chosen_span = detail::chosen_as_span(chosen);
    const auto matrix = detail::rejected_as_matrix(rejected, chosen_span.size);
    using chosen_element = std::remove_pointer_t<decltype(chosen_span.data)>;
    using rejected_element = std::remove_pointer_t<decltype(matrix.data)>;
    static_assert(detail::viewable_as<chosen_element, rejected_element>,
                  "dynamicpo::view: chosen and rejected hold different number types");
    static_assert(std::is_same_v<detail::space_of<Chosen>, detail::space_of<Rejected>>,
                  "dynamicpo::view: chosen and rejected live in different memory spaces");
    using element = detail::common_element<chosen_element, rejected_element>;
    return scores<element, detail::space_of<Chosen>>{detail::retype<element>(chosen_span),
                                                     detail::retype<element>(matrix)};
  }
}

namespace detail {
/// \throws std::invalid_argument unless 0 <= offsets[0] <= offsets[1] <= .. <= size, naming the first that is not so.
constexpr void require_offsets(std::span<const std::int64_t> offsets, index size) {
  std::int64_t falls = offsets.front() < 0 || offsets.back() > size ? 1 : 0;  // as wide as what is compared
  for (std::size_t i = 1; i < offsets.size(); ++i) { falls |= offsets[i] < offsets[i - 1] ? 1 : 0; }
  for (std::size_t i = 0; falls != 0 && i < offsets.size(); ++i) {
    if (offsets[i] < (i == 0 ? 0 : offsets[i - 1]) || offsets[i] > size) {
      throw_invalid("view", "offsets[" + std::to_string(i) + "] is " + std::to_string(offsets[i]) +
                                ", expected monotone within [0, " + std::to_string(size) + "]");
    }
  }
}
}  // namespace detail

/// Ragged view: row b's rejected are positions [offsets[b], offsets[b+1]) of `rejected`.
/// \throws std::invalid_argument when offsets has not B + 1 entries, is not monotone or runs past the end, naming the
/// index.
template <class Chosen, class Rejected>
constexpr auto view(Chosen&& chosen, Rejected&& rejected, lasting_span<std::int64_t> offsets) {
  static_assert(detail::one_dimensional<Chosen> && detail::one_dimensional<Rejected>,
                "dynamicpo::view: ragged rows take one-dimensional chosen and rejected");
  static_assert(
      std::is_same_v<detail::space_of<Chosen>, space::host> && std::is_same_v<detail::space_of<Rejected>, space::host>,
      "dynamicpo::view: ragged rows in device memory need score/device_span.hpp, the host cannot read offsets");
  static_assert(
      detail::outlives_call<Chosen> && detail::outlives_call<Rejected>,
      "dynamicpo::view: refuses a temporary container, its memory ends before the view is used; name it first");
  if constexpr (detail::one_dimensional<Chosen> && detail::one_dimensional<Rejected>) {
    const auto chosen_span = detail::as_span(chosen);
    const auto flat = detail::as_span(rejected);
    using chosen_element = std::remove_pointer_t<decltype(chosen_span.data)>;
    using rejected_element = std::remove_pointer_t<decltype(flat.data)>;
    static_assert(detail::viewable_as<chosen_element, rejected_element>,
                  "dynamicpo::view: chosen and rejected hold different number types");
    using element = detail::common_element<chosen_element, rejected_element>;
    const auto count = static_cast<index>(offsets.size());
    if (count != chosen_span.size + 1) {
      detail::throw_invalid("view", "offsets is [" + std::to_string(count) + "], expected one more than chosen [" +
                                        std::to_string(chosen_span.size) + "]");
    }
    detail::require_offsets(offsets, flat.size);
    return scores<element>{detail::retype<element>(chosen_span), detail::retype<element>(flat), offsets.data()};
  }
}

}  // namespace dynamicpo::inline v1

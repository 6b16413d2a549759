// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "dynamicpo/error.hpp"
#include "dynamicpo/score/scores.hpp"

/// Do two views share memory? Exact in-place use (the same elements at the same places) is fine, since a row is read
/// whole before it is written; any other overlap is refused.
namespace dynamicpo::inline v1::detail {

enum class overlap { disjoint, identical, partial };

/// A lattice of elements in bytes.
struct lattice {
  std::intptr_t origin = 0, rows = 0, columns = 0, row_stride = 0, column_stride = 0, width = 0;

  template <class T>
  static lattice of(const strided_matrix<T>& m) {
    const std::intptr_t width = sizeof(T);
    return {reinterpret_cast<std::intptr_t>(m.data),
            m.rows,
            m.columns,
            m.row_stride * width,
            m.column_stride * width,
            width};
  }
  template <class T>
  static lattice of(const strided_span<T>& s) {
    return of(strided_matrix<T>{s.data, s.size, 1, s.stride, 1});
  }

  template <class T>
  static lattice of(const std::span<T>& s) {
    return of(strided_span<T>{s.data(), static_cast<index>(s.size()), 1});
  }

  bool empty() const { return rows <= 0 || columns <= 0; }
  std::intptr_t begin() const {
    return origin + (row_stride < 0 ? (rows - 1) * row_stride : 0) +
           (column_stride < 0 ? (columns - 1) * column_stride : 0);
  }
  std::intptr_t end() const {
    return origin + (row_stride > 0 ? (rows - 1) * row_stride : 0) +
           (column_stride > 0 ? (columns - 1) * column_stride : 0) + width;
  }
  lattice transposed() const { return {origin, columns, rows, column_stride, row_stride, width}; }
  /// The same elements in ascending order.
  lattice ascending() const { return {begin(), rows, columns, std::abs(row_stride), std::abs(column_stride), width}; }
};

/// No element shares memory with another: rows lie apart and so do the elements of one. (Of two strides that interleave
/// without meeting it says false.)
inline bool elements_apart(const lattice& l) {
  const std::intptr_t row_pitch = std::abs(l.row_stride), pitch = std::abs(l.column_stride);
  return l.empty() ||
         ((l.columns == 1 || pitch >= l.width) && (l.rows == 1 || row_pitch >= (l.columns - 1) * pitch + l.width));
}

/// Both lattices, ascending, are bands of the same pitch (columns side by side in one matrix) that never meet.
inline bool separate_bands(const lattice& a, const lattice& b) {
  const std::intptr_t pitch = a.row_stride;
  const auto span = [](const lattice& l) { return (l.columns - 1) * l.column_stride + l.width; };
  if (pitch <= 0 || (b.rows > 1 && b.row_stride != pitch) || span(a) > pitch || span(b) > pitch) { return false; }
  const std::intptr_t offset = ((b.origin - a.origin) % pitch + pitch) % pitch;
  return offset >= span(a) && offset + span(b) <= pitch;
}

inline overlap relation(const lattice& a, const lattice& b) {
  if (a.empty() || b.empty() || a.end() <= b.begin() || b.end() <= a.begin()) { return overlap::disjoint; }
  const lattice first = a.ascending(), second = b.ascending();
  if (separate_bands(first, second) || separate_bands(first.transposed(), second.transposed())) {
    return overlap::disjoint;
  }
  const bool same = a.origin == b.origin && a.width == b.width && a.rows == b.rows && a.columns == b.columns &&
                    (a.rows == 1 || a.row_stride == b.row_stride) &&
                    (a.columns == 1 || a.column_stride == b.column_stride);
  return same ? overlap::identical : overlap::partial;
}

/// \throws std::invalid_argument when `written` and `read` share memory.
template <class T>
void require_apart(const char* where, const char* written_name, std::span<T> written, const char* read_name,
                   const lattice& read) {
  if (relation(lattice::of(written), read) != overlap::disjoint) {
    throw_invalid(where, std::string(written_name) + " overlaps " + read_name);
  }
}

/// \throws std::invalid_argument when two entries of `output` are the same memory.
template <class O, class Space>
void require_entries_apart(const char* where, const scores<O, Space>& output) {
  const lattice chosen = lattice::of(output.chosen_span()), rejected = lattice::of(output.rejected_matrix());
  if (!elements_apart(chosen) || !(elements_apart(rejected) || elements_apart(rejected.transposed())) ||
      relation(chosen, rejected) != overlap::disjoint) {
    throw_invalid(where, "two entries of gradient are the same memory");
  }
}

/// \throws std::invalid_argument unless writing `output` row by row leaves `input` readable until its row is done.
template <class O, class I, class Space>
void require_row_wise_safe(const char* where, const scores<O, Space>& output, const char* name,
                           const scores<I, Space>& input) {
  const lattice written[] = {lattice::of(output.chosen_span()), lattice::of(output.rejected_matrix())};
  const lattice read[] = {lattice::of(input.chosen_span()), lattice::of(input.rejected_matrix())};
  for (int w = 0; w < 2; ++w) {
    for (int r = 0; r < 2; ++r) {
      const overlap found = relation(written[w], read[r]);
      if (found == overlap::partial || (found == overlap::identical && w != r)) {
        throw_invalid(where, std::string("gradient overlaps ") + name +
                                 " without being the same memory at the same places; only exact in-place works");
      }
    }
  }
}

}  // namespace dynamicpo::inline v1::detail

// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <concepts>
#include <utility>

namespace toy_llm {

/// Numbers of a processor's register. Rows of a panel_product come in multiples of it.
template <std::floating_point Scalar>
inline constexpr Eigen::Index packet_size = Eigen::internal::packet_traits<Scalar>::size;

template <std::floating_point Scalar>
constexpr Eigen::Index padded_rows(Eigen::Index rows) {
  return (rows + packet_size<Scalar> - 1) / packet_size<Scalar> * packet_size<Scalar>;
}

/// C += A B, or where there is a start column, C = start + A B in each column. A's and C's columns are contiguous, B may
/// have any strides. For matrices so small that packing them does not pay: about 1.4 times as fast as Eigen's
/// product.
/// Each entry is one sum in ascending order of B's rows: its bits do not depend on the other columns.
template <std::floating_point Scalar>
struct panel_product {
  Eigen::Index rows, columns, depth;  // rows: a multiple of packet_size
  const Scalar* a;
  Eigen::Index a_stride;  // from column to column
  const Scalar* b;
  Eigen::Index b_row_stride, b_column_stride;
  Scalar* c;
  Eigen::Index c_stride;  // from column to column
  const Scalar* start = nullptr;

  void compute() const {
    Eigen::Index row = 0;
    for (; row + 2 * packet_size<Scalar> <= rows; row += 2 * packet_size<Scalar>) add_rows<2>(row);
    if (row < rows) add_rows<1>(row);
  }

 private:
  // With two packets of rows, twelve sums in flight: what the registers of x86 hold and its latency of FMA asks for.
  static constexpr unsigned block_columns = 6;

  template <unsigned Packets>
  void add_rows(Eigen::Index row) const {
    Eigen::Index column = 0;
    for (; column + block_columns <= columns; column += block_columns) add_block<Packets, block_columns>(row, column);
    [&]<unsigned... Left>(std::integer_sequence<unsigned, Left...>) {
      ((columns - column == Left ? add_block<Packets, Left>(row, column) : void()), ...);
    }(std::make_integer_sequence<unsigned, block_columns>{});
  }

  template <unsigned Packets, unsigned Columns>
  void add_block(Eigen::Index row, Eigen::Index column) const {
    if constexpr (Columns > 0) {
      using namespace Eigen::internal;
      using packet = typename packet_traits<Scalar>::type;
      const Scalar* left = a + row;
      const Scalar* right = b + column * b_column_stride;
      Scalar* const out = c + row + column * c_stride;
      const Scalar* const from = start != nullptr ? start + row : out;
      const Eigen::Index from_stride = start != nullptr ? 0 : c_stride;
      packet sum[Columns][Packets];
      for (unsigned j = 0; j < Columns; ++j)
        for (unsigned i = 0; i < Packets; ++i)
          sum[j][i] = ploadu<packet>(from + j * from_stride + i * packet_size<Scalar>);
      for (Eigen::Index k = 0; k < depth; ++k, left += a_stride, right += b_row_stride) {
        packet x[Packets];
        for (unsigned i = 0; i < Packets; ++i) x[i] = ploadu<packet>(left + i * packet_size<Scalar>);
        for (unsigned j = 0; j < Columns; ++j) {
          const packet y = pset1<packet>(right[j * b_column_stride]);
          for (unsigned i = 0; i < Packets; ++i) sum[j][i] = pmadd(x[i], y, sum[j][i]);
        }
      }
      for (unsigned j = 0; j < Columns; ++j)
        for (unsigned i = 0; i < Packets; ++i) pstoreu(out + j * c_stride + i * packet_size<Scalar>, sum[j][i]);
    }
  }
};

}  // namespace toy_llm

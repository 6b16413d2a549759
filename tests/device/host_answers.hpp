// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "dynamicpo/result.hpp"

/// Rows, and what exec::seq answers for them: compiled by the host compiler, which has its code for rows in lanes.
namespace device_test {

namespace po = dynamicpo;

template <class T>
struct rows {
  std::vector<T> chosen, rejected, frozen_chosen, frozen_rejected;
  std::vector<std::int64_t> offsets{0};
  po::index negatives = 0;  ///< of every row, when dense

  bool dense() const { return negatives > 0; }
  po::index count() const { return static_cast<po::index>(chosen.size()); }
  po::index longest() const;
};

/// Uniform scores about `offset`, some of them equal; ragged ones have up to twice `negatives`.
template <class T>
rows<T> random_rows(std::uint64_t seed, po::index count, po::index negatives, bool ragged, double offset);
/// The same with NaN, infinities and empty rows among them.
template <class T>
rows<T> odd_rows(std::uint64_t seed, po::index count, po::index negatives);
/// Rows of the golden files; none where they are not at hand.
template <class T>
std::vector<rows<T>> golden_rows();

enum class objective { dmpo, sdpo, mppo };

template <class T>
struct answer {
  po::row_counts counts;
  double loss = 0;
  std::vector<T> chosen, rejected, row_loss, beta;
};

template <class T>
answer<T> host_answer(objective objective, bool dynamic, const rows<T>& rows);

}  // namespace device_test

// SPDX-License-Identifier: MIT
#include <array>
#include <cstddef>
#include <utility>

#include "twins/raw.hpp"
#include "twins/row_blocks.hpp"

#pragma GCC diagnostic ignored "-Wpsabi"

namespace bench::raw {
namespace {

constexpr std::size_t most = 16;  // negatives, a multiple of every width

template <class T>
inline pack<T> magnitude(const pack<T>& x) {
  return x < T(0) ? -x : x;
}

/// Batcher's odd-even merge sort of K values: calls visit(low, high) for each comparator, in order.
template <class Visit>
constexpr void comparators(int count, Visit visit) {
  for (int p = 1; p < count; p *= 2) {
    for (int k = p; k >= 1; k /= 2) {
      for (int j = k % p; j + k < count; j += 2 * k) {
        for (int i = j; i < j + k && i + k < count; ++i) {
          if (i / (2 * p) == (i + k) / (2 * p)) { visit(i, i + k); }
        }
      }
    }
  }
}

template <int K>
constexpr std::size_t network_size = [] {
  std::size_t size = 0;
  comparators(K, [&](int, int) { ++size; });
  return size;
}();
template <int K>
constexpr auto network = [] {
  std::array<std::pair<int, int>, network_size<K>> pairs{};
  std::size_t next = 0;
  comparators(K, [&](int low, int high) { pairs[next++] = {low, high}; });
  return pairs;
}();

template <class T, int K>
inline void sort(pack<T>* values) {
  const auto exchange = [values](std::pair<int, int> at) {
    const pack<T> a = values[at.first], b = values[at.second];
    values[at.first] = a < b ? a : b;
    values[at.second] = a < b ? b : a;
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) { (exchange(network<K>[I]), ...); }
  (std::make_index_sequence<network_size<K>>{});
}

/// Least value of the top cluster of the exact 3-means: the two cuts i < j with the greatest sum of S^2 / n, where S is
/// the sum of a segment's values from the median.
template <class T, int K>
inline pack<T> top_cluster(const pack<T>* scores) {
  pack<T> sorted[most], sums[most + 1], lower[most];
  for (int k = 0; k < K; ++k) { sorted[k] = scores[k]; }
  sort<T, K>(sorted);
  sums[0] = pack<T>{};
  for (int k = 0; k < K; ++k) { sums[k + 1] = sums[k] + (sorted[k] - sorted[K / 2]); }
  for (int i = 1; i < K; ++i) { lower[i] = sums[i] * sums[i] * T(1.0 / i); }
  pack<T> best{}, least = sorted[K - 1];
  for (int j = 2; j < K; ++j) {
    pack<T> below{};
    for (int i = 1; i < j; ++i) {
      const pack<T> middle = sums[j] - sums[i];
      below = max_of<T>{}(below, lower[i] + middle * middle * T(1.0 / (j - i)));
    }
    const pack<T> above = sums[K] - sums[j];
    const pack<T> gain = below + above * above * T(1.0 / (K - j));
    least = gain > best ? sorted[j] : least;
    best = max_of<T>{}(best, gain);
  }
  return least;
}

/// Column k of the block's rows at columns[k].
template <class T, int K>
inline void load_columns(const T* from, pack<T>* columns) {
  for (int first = 0; first < K; first += width<T>) {
    pack<T> block[width<T>];
    for (int i = 0; i < width<T>; ++i) { block[i] = load(from + i * K + first); }
    transpose<T>(block);
    for (int i = 0; i < width<T>; ++i) { columns[first + i] = block[i]; }
  }
}

// A row's spill over its end is overwritten by the next one.
template <class T, int K>
inline void store_columns(T* to, const pack<T>* columns) {
  constexpr int packs = (K + width<T> - 1) / width<T>;
  pack<T> blocks[most / width<T>][width<T>];
  for (int b = 0; b < packs; ++b) {
    for (int i = 0; i < width<T>; ++i) { blocks[b][i] = columns[b * width<T> + i]; }
    transpose<T>(blocks[b]);
  }
  for (int i = 0; i < width<T>; ++i) {
    for (int b = 0; b < packs; ++b) { store<T>(to + i * K + b * width<T>, blocks[b][i]); }
  }
}

template <class T, int K>
double dmpo_dynamic_of(const dense_rows<T>& rows, std::int64_t first, std::int64_t last) {
  return by_blocks(rows, first, last, [](const dense_rows<T>& at, T*) {
    constexpr int padded = (K + width<T> - 1) / width<T> * width<T>;
    pack<T> score[most], reference[most], gradient[most];
    load_columns<T, K>(at.rejected, score);
    load_columns<T, K>(at.reference_rejected, reference);
    const pack<T> chosen = load(at.chosen), chosen_ratio = chosen - load(at.reference_chosen);

    pack<T> highest = score[0];
    for (int k = 1; k < K; ++k) { highest = max_of<T>{}(highest, score[k]); }
    pack<T> least = chosen;
    const mask<T> no_violator = highest < chosen;
    bool cluster = false;
    for (int i = 0; i < width<T>; ++i) { cluster = cluster || no_violator[i] != 0; }
    if (cluster) { least = no_violator ? top_cluster<T, K>(score) : chosen; }

    pack<T> count{}, inside{}, outside{};
    for (int k = 0; k < K; ++k) {
      const mask<T> in = score[k] >= least;
      count += in ? all(T(1)) : pack<T>{};
      inside += in ? score[k] : pack<T>{};
      outside += in ? pack<T>{} : score[k];
    }
    const mask<T> none_left = count == T(K);
    const pack<T> mean_rest = (none_left ? inside : outside) / (none_left ? count : T(K) - count);

    pack<T> sum{}, betas{};
    for (int k = 0; k < K; ++k) {
      const pack<T> d1 = chosen - score[k], d2 = score[k] - mean_rest;
      const pack<T> beta = T(1) + T(0.5) * tanh<T>((d1 - d2 - T(6)) / (magnitude<T>(d1) + magnitude<T>(d2)));
      gradient[k] = score[k] >= least ? beta : pack<T>{};
      sum += gradient[k] * (chosen_ratio - (score[k] - reference[k]));
      betas += gradient[k];
    }
    const link<T> at_z(sum / count);
    const pack<T> slope = at.scale * at_z.slope / count;
    for (int k = 0; k < K; ++k) { gradient[k] *= slope; }
    for (int k = K; k < padded; ++k) { gradient[k] = pack<T>{}; }
    store<T>(at.row_loss, at_z.loss);
    store<T>(at.gradient_chosen, -slope * betas);
    store_columns<T, K>(at.gradient_rejected, gradient);
  });
}

}  // namespace

template <class T>
twin<T> dmpo_dynamic(std::int64_t negatives) {
  switch (negatives) {
    case 5:
      return dmpo_dynamic_of<T, 5>;
    case 15:
      return dmpo_dynamic_of<T, 15>;
    default:
      return nullptr;
  }
}

template twin<float> dmpo_dynamic(std::int64_t);
template twin<double> dmpo_dynamic(std::int64_t);

}  // namespace bench::raw

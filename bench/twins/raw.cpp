// SPDX-License-Identifier: MIT
#include "twins/raw.hpp"

#include "twins/row_blocks.hpp"

#pragma GCC diagnostic ignored "-Wpsabi"

namespace bench::raw {
namespace {

/// gradient = entry * slope of its row; a row's spill over its end is overwritten by the next.
template <class T>
inline void write_scaled(const dense_rows<T>& at, const T* entries, std::int64_t stride, const pack<T>& slopes) {
  for (int i = 0; i < width<T>; ++i) {
    T* const to = at.gradient_rejected + i * at.negatives;
    for (std::int64_t k = 0; k < at.negatives; k += width<T>) {
      store<T>(to + k, load(entries + i * stride + k) * slopes[i]);
    }
  }
}

}  // namespace

template <class T>
double dmpo(const dense_rows<T>& rows, std::int64_t first, std::int64_t last) {
  return by_blocks(rows, first, last, [](const dense_rows<T>& at, T*) {
    const std::int64_t count = at.negatives;
    pack<T> sums[width<T>];
    for (int i = 0; i < width<T>; ++i) {
      const T* const p = at.rejected + i * count;
      const T* const r = at.reference_rejected + i * count;
      pack<T> sum{};
      along_row<T>(count,
                   [&](std::int64_t k, const mask<T>& in) { sum += in ? load(p + k) - load(r + k) : pack<T>{}; });
      sums[i] = sum;
    }
    const T share = T(1) / static_cast<T>(count);
    const link<T> at_z(load(at.chosen) - load(at.reference_chosen) - across_rows<T>(sums, sum_of<T>{}) * share);
    store<T>(at.row_loss, at_z.loss);
    store<T>(at.gradient_chosen, -at.scale * at_z.slope);
    const pack<T> slopes = at.scale * share * at_z.slope;
    for (int i = 0; i < width<T>; ++i) {
      for (std::int64_t k = 0; k < count; k += width<T>) {
        store<T>(at.gradient_rejected + i * count + k, all(T(slopes[i])));
      }
    }
  });
}

template <class T>
double sdpo(const dense_rows<T>& rows, std::int64_t first, std::int64_t last) {
  return by_blocks(rows, first, last, [](const dense_rows<T>& at, T* scratch) {
    const std::int64_t count = at.negatives, stride = count + width<T>;
    const pack<T> chosen = load(at.chosen) - load(at.reference_chosen);
    pack<T> tops[width<T>], sums[width<T>];
    for (int i = 0; i < width<T>; ++i) {
      pack<T> top = all(T(-1e30));
      along_row<T>(count, [&](std::int64_t k, const mask<T>& in) {
        const pack<T> ratio = load(at.rejected + i * count + k) - load(at.reference_rejected + i * count + k);
        const pack<T> kept = in ? ratio - chosen[i] : all(T(-1e30));
        store<T>(scratch + i * stride + k, kept);
        top = max_of<T>{}(top, kept);
      });
      tops[i] = top;
    }
    // log(1 + sum exp x) = shift + log(exp(-shift) + sum exp(x - shift)), shift = max(0, x).
    const pack<T> shift = max_of<T>{}(across_rows<T>(tops, max_of<T>{}), all(T(0)));
    for (int i = 0; i < width<T>; ++i) {
      pack<T> sum{};
      for (std::int64_t k = 0; k < count; k += width<T>) {
        T* const entry = scratch + i * stride + k;
        const pack<T> e = exp<T>(load(entry) - shift[i]);
        store<T>(entry, e);
        sum += e;
      }
      sums[i] = sum;
    }
    const pack<T> sum = across_rows<T>(sums, sum_of<T>{}), one = exp<T>(-shift);
    store<T>(at.row_loss, shift + log1p<T>(shift > T(0) ? one + (sum - T(1)) : sum));
    const pack<T> slope = at.scale / (one + sum);
    store<T>(at.gradient_chosen, -sum * slope);
    write_scaled<T>(at, scratch, stride, slope);
  });
}

template <class T>
double mppo(const dense_rows<T>& rows, std::int64_t first, std::int64_t last) {
  return by_blocks(rows, first, last, [](const dense_rows<T>& at, T* scratch) {
    const std::int64_t count = at.negatives, stride = count + width<T>;
    pack<T> sums[width<T>];
    for (int i = 0; i < width<T>; ++i) {
      pack<T> sum{};
      along_row<T>(count, [&](std::int64_t k, const mask<T>& in) {
        const pack<T> e = exp<T>(load(at.rejected + i * count + k));
        store<T>(scratch + i * stride + k, e);
        sum += in ? e : pack<T>{};
      });
      sums[i] = sum;
    }
    const pack<T> chosen = exp<T>(load(at.chosen)) * static_cast<T>(count);
    const link<T> at_z(chosen - across_rows<T>(sums, sum_of<T>{}));
    const pack<T> slope = at.scale * at_z.slope;
    store<T>(at.row_loss, at_z.loss);
    store<T>(at.gradient_chosen, -slope * chosen);
    write_scaled<T>(at, scratch, stride, slope);
  });
}

template double dmpo(const dense_rows<float>&, std::int64_t, std::int64_t);
template double dmpo(const dense_rows<double>&, std::int64_t, std::int64_t);
template double sdpo(const dense_rows<float>&, std::int64_t, std::int64_t);
template double sdpo(const dense_rows<double>&, std::int64_t, std::int64_t);
template double mppo(const dense_rows<float>&, std::int64_t, std::int64_t);
template double mppo(const dense_rows<double>&, std::int64_t, std::int64_t);

}  // namespace bench::raw

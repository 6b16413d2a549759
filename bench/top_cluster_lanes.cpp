// SPDX-License-Identifier: MIT
// The top cluster of Gaussian rows side by side: nanoseconds a row in the cache, median of 31, beside sorting alone and
// the scalar selection; and the share of rows that is left uncertain.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <numbers>
#include <vector>

#include "dynamicpo/detail/top_cluster_lanes.hpp"
#include "dynamicpo/sample/philox.hpp"
#include "dynamicpo/select/boundary.hpp"

namespace {

namespace po = dynamicpo;
namespace detail = dynamicpo::detail;

#if defined(__AVX512F__)
constexpr std::size_t register_bytes = 64;
#elif defined(__AVX2__)
constexpr std::size_t register_bytes = 32;
#else
constexpr std::size_t register_bytes = 16;
#endif

template <class T>
struct tiles {
  static constexpr std::size_t rows_of_tile = 64 / sizeof(T), count = 64;
  std::size_t columns;
  std::vector<T> values;  // tile, column, row

  explicit tiles(std::size_t columns_) : columns{columns_}, values(count * columns_ * rows_of_tile) {
    po::sample::philox_engine random{7};
    for (T& value : values) {
      const double u = 1 - random.uniform(), v = random.uniform();
      value = static_cast<T>(-20 + 3 * std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v));
    }
  }
};

/// The thresholds of all tiles; how many rows are uncertain.
template <std::size_t Most, class T>
[[gnu::flatten, gnu::noinline]] std::size_t solve(const tiles<T>& batch, std::vector<T>& thresholds) {
  std::size_t uncertain = 0;
  using V = detail::lanes<T, tiles<T>::rows_of_tile, register_bytes>;
  using bits = detail::bits_of<T>;
  V columns[Most];
  const auto wanted = typename V::truth(bits(-1));
  typename V::truth open(bits(0));
  for (std::size_t tile = 0; tile < tiles<T>::count; ++tile) {
    const T* from = batch.values.data() + tile * batch.columns * V::count;
    for (std::size_t k = 0; k < batch.columns; ++k) { columns[k] = V::load(from + k * V::count); }
    const auto found = detail::top_cluster_lanes<Most>(columns, batch.columns, wanted);
    found.least.store(thresholds.data() + tile * V::count);
    open = open + (found.certain + typename V::truth(bits(1)));
  }
  for (std::size_t lane = 0; lane < V::count; ++lane) { uncertain += static_cast<std::size_t>(open[lane]); }
  return uncertain;
}

template <std::size_t Most, class T>
[[gnu::flatten, gnu::noinline]] void sort_alone(const tiles<T>& batch, std::vector<T>& thresholds) {
  using V = detail::lanes<T, tiles<T>::rows_of_tile, register_bytes>;
  using part = detail::lanes<T, V::per_part, V::bytes>;
  part columns[Most];
  for (std::size_t tile = 0; tile < tiles<T>::count; ++tile) {
    for (std::size_t p = 0; p < V::parts; ++p) {
      const T* from = batch.values.data() + tile * batch.columns * V::count + p * part::count;
      const part* sorted = detail::sort_lanes<Most>(columns, batch.columns,
                                                    [&](std::size_t k) { return part::load(from + k * V::count); });
      sorted[batch.columns / 2].store(thresholds.data() + tile * V::count + p * part::count);
    }
  }
}

template <class T>
void scalar(const tiles<T>& batch, std::vector<T>& row, std::vector<std::uint8_t>& flags,
            po::select::scratch<T> scratch) {
  for (std::size_t lane = 0; lane < tiles<T>::rows_of_tile; ++lane) {
    for (std::size_t k = 0; k < batch.columns; ++k) { row[k] = batch.values[k * tiles<T>::rows_of_tile + lane]; }
    po::select::boundary{}(po::select::row_scores<T>{T(1e30), {row.data(), batch.columns}},
                           std::span(flags).first(batch.columns), scratch);
  }
}

template <class Work>
double nanoseconds(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double>& times) {
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

template <std::size_t Most, class T>
void report_of(const char* type, std::size_t columns) {
  const tiles<T> batch{columns};
  std::vector<T> thresholds(batch.count * batch.rows_of_tile), row(columns), values(columns + 1);
  std::vector<std::uint8_t> flags(columns);
  std::vector<po::accumulator_of<T>> sorted(columns + 1), weights(columns + 1), lower(columns + 1), best(columns + 1);
  std::vector<detail::prefix_sums<po::accumulator_of<T>>> prefix(columns + 1);
  std::vector<std::int32_t> tick(columns + 1);
  po::select::scratch<T> scratch{values, sorted, weights, lower, best, prefix, tick};
  std::vector<double> lanes, sorting, alone;
  std::size_t uncertain = 0;
  for (int repeat = 0; repeat < 31; ++repeat) {
    lanes.push_back(nanoseconds([&] { uncertain = solve<Most>(batch, thresholds); }));
    sorting.push_back(nanoseconds([&] { sort_alone<Most>(batch, thresholds); }));
    alone.push_back(nanoseconds([&] { scalar(batch, row, flags, scratch); }));
  }
  const auto tile = static_cast<double>(batch.rows_of_tile), rows = tile * static_cast<double>(batch.count);
  std::printf("%-6s %4zu %10.1f %10.1f %10.0f %12zu\n", type, columns, median(lanes) / rows, median(sorting) / rows,
              median(alone) / tile, uncertain);
}

template <class T>
void report(const char* type) {
  std::printf("%-6s %4s %10s %10s %10s %12s\n", type, "K", "ns/row", "sort", "scalar", "uncertain");
  for (const std::size_t columns : {3u, 5u, 8u, 12u, 15u, 16u, 19u, 24u, 32u, 48u, 64u}) {
    report_of<detail::short_rows_limit, T>(type, columns);
  }
  for (const std::size_t columns : {80u, 100u, 128u, 200u, 256u}) {
    report_of<detail::top_cluster_lanes_limit, T>(type, columns);
  }
}

}  // namespace

int main() {
  report<float>("float");
  report<double>("double");
}

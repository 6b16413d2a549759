// SPDX-License-Identifier: MIT
// The boundary of long rows without violators, float: nanoseconds a row beside std::sort of a copy of the row,
// interleaved, medians; and the share of rows that the cells leave to a sort.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <numbers>
#include <vector>

#include "dynamicpo/sample/philox.hpp"
#include "dynamicpo/select/boundary.hpp"
#include "dynamicpo/workspace.hpp"

namespace {

namespace po = dynamicpo;

double normal(po::sample::philox_engine& random) {
  const double u = 1 - random.uniform(), v = random.uniform();
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

struct kind {
  const char* name;
  double (*score)(po::sample::philox_engine& random);
};
constexpr kind kinds[] = {
    {"normal", [](auto& random) { return -20 + 5 * normal(random); }},
    {"uniform", [](auto& random) { return -40 * random.uniform(); }},
    {"five clumps", [](auto& random) { return -5.0 * (1 + random.below(5)) + normal(random) / 2; }},
    {"integers", [](auto& random) { return -1.0 - random.below(12); }},
    {"outliers", [](auto& random) { return random.uniform() < 0.01 ? -1e4 : -20 + normal(random); }},
};

template <class Work>
double nanoseconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}
double median(std::vector<double>& of) {
  std::nth_element(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2), of.end());
  return of[of.size() / 2];
}

void measure(const kind& scores, std::size_t count) {
  const std::size_t rows = std::clamp<std::size_t>((1 << 18) / count, 1, 512);
  po::sample::philox_engine random{7, count};
  std::vector<std::vector<float>> batch(rows, std::vector<float>(count));
  for (auto& row : batch) {
    for (float& score : row) { score = static_cast<float>(scores.score(random)); }
  }
  po::detail::row_buffers<float> buffers;
  buffers.reserve(static_cast<po::index>(count));
  auto scratch = buffers.scratch();
  std::vector<std::uint8_t> flags(count);
  std::vector<float> copy(count);
  std::vector<double> select_times, sort_times;
  for (int repeat = 0; repeat < 15; ++repeat) {
    select_times.push_back(nanoseconds([&] {
      for (const auto& row : batch) {
        po::select::boundary{}(po::select::row_scores<float>{std::numeric_limits<float>::max(), row}, flags, scratch);
      }
    }));
    sort_times.push_back(nanoseconds([&] {
      for (const auto& row : batch) {
        std::copy(row.begin(), row.end(), copy.begin());
        std::sort(copy.begin(), copy.end());
      }
    }));
  }
  std::size_t sorted = 0;
  for (const auto& row : batch) {
    sorted += !po::detail::binned_cut<float>{
        row, {scratch.values, scratch.sorted, scratch.best, scratch.weights, scratch.lower, scratch.tick}}
                   .least();
  }
  const double select = median(select_times) / static_cast<double>(rows);
  const double sort = median(sort_times) / static_cast<double>(rows);
  std::printf("K %-8zu %-12s %11.0f ns/row %7.2f ns/value  %6.3f x std::sort  %5.1f %% sorted\n", count, scores.name,
              select, select / static_cast<double>(count), select / sort,
              100.0 * static_cast<double>(sorted) / static_cast<double>(rows));
}

}  // namespace

int main() {
  for (const kind& scores : kinds) {
    for (const std::size_t count : {65u, 128u, 256u, 1024u, 4096u, 65536u, 1'000'000u}) { measure(scores, count); }
  }
}

// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>
#include <vector>

#include "device/host_answers.hpp"
#include "dynamicpo/evaluate.cuh"

/// What device tests share: memory, checks that count, and a main that reports Skipped where there is no device.
namespace device_test {

inline int failures = 0;

/// How many of so many rows are at hand: a simulated device (tests/simulated_device) takes its time.
constexpr po::index rows_at_hand(po::index rows) {
#if defined(__CUDACC__)
  return rows;
#else
  return rows > 2000 ? rows / 100 : (rows + 9) / 10;
#endif
}

#define DEVICE_CHECK(condition)                                           \
  do {                                                                    \
    if (!(condition)) {                                                   \
      ++device_test::failures;                                            \
      std::printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                     \
  } while (false)

template <class T>
class device_array {
 public:
  explicit device_array(std::size_t size) : size_{size} {
    po::detail::check_cuda("cudaMalloc", cudaMalloc(&data_, (size + 1) * sizeof(T)));
  }
  explicit device_array(const std::vector<T>& values) : device_array(values.size()) {
    po::detail::check_cuda("cudaMemcpy", cudaMemcpy(data_, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice));
  }
  device_array(const device_array&) = delete;
  ~device_array() { cudaFree(data_); }

  std::vector<T> values() const {
    std::vector<T> all(size_);
    po::detail::check_cuda("cudaMemcpy", cudaMemcpy(all.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost));
    return all;
  }
  po::device_span<T> span() const { return {data_, static_cast<po::index>(size_)}; }
  po::device_span<const T> cspan() const { return {data_, static_cast<po::index>(size_)}; }

 private:
  T* data_ = nullptr;
  std::size_t size_;
};

/// Rows on the device in storage S, with room for what a call writes.
template <class S, class T>
struct device_batch {
  explicit device_batch(const rows<T>& in)
      : dense{in.dense()},
        longest{in.longest()},
        chosen(stored(in.chosen)),
        rejected(stored(in.rejected)),
        frozen_chosen(stored(in.frozen_chosen)),
        frozen_rejected(stored(in.frozen_rejected)),
        offsets(in.offsets),
        gradient_chosen(in.chosen.size()),
        gradient_rejected(in.rejected.size()),
        row_loss(in.chosen.size()),
        beta(in.rejected.size()) {}

  template <class U>
  auto view(po::device_span<U> c, po::device_span<U> r) const {
    return dense ? po::view(c, r) : po::view(c, r, offsets.cspan(), longest);
  }
  auto policy() const { return view(chosen.cspan(), rejected.cspan()); }
  auto reference() const { return view(frozen_chosen.cspan(), frozen_rejected.cspan()); }
  po::outputs<S, po::space::device> out() const {
    return {.gradient = view(gradient_chosen.span(), gradient_rejected.span()),
            .row_loss = row_loss.span(),
            .effective_beta = beta.span(),
            .nonfinite = po::nonfinite::skip};
  }

  static std::vector<S> stored(const std::vector<T>& values) {
    std::vector<S> all;
    for (const T value : values) { all.push_back(static_cast<S>(value)); }
    return all;
  }

  bool dense;
  po::index longest;
  device_array<S> chosen, rejected, frozen_chosen, frozen_rejected;
  device_array<std::int64_t> offsets;
  device_array<S> gradient_chosen, gradient_rejected;
  device_array<T> row_loss, beta;
};

/// Both NaN, or at most `units` of the last place of S apart. Double, whose sums no wider number holds: of the scores
/// that were added up, `scores` being the greatest.
template <class S, class T>
bool near(S found, T expected, double units, double scores = 1) {
  const double a = static_cast<double>(found), b = static_cast<double>(expected);
  if (std::isnan(a) || std::isnan(b)) { return std::isnan(a) && std::isnan(b); }
  const double epsilon = sizeof(T) == sizeof(double) ? std::numeric_limits<double>::epsilon()
                         : sizeof(S) == 2            ? 1.0 / 256
                                                     : static_cast<double>(std::numeric_limits<float>::epsilon());
  const double size = sizeof(T) == sizeof(double) ? std::fmax(std::fabs(b), scores) : std::fabs(b);
  return a == b || std::fabs(a - b) <= units * epsilon * size + (sizeof(S) == 2 ? 1e-7 : 0);
}
template <class S, class T>
bool near(const std::vector<S>& found, const std::vector<T>& expected, double units = 4, double scores = 1) {
  if (found.size() != expected.size()) { return false; }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!near(found[i], expected[i], units, scores)) {
      std::printf("  entry %zu: %.9g, expected %.9g\n", i, static_cast<double>(found[i]),
                  static_cast<double>(expected[i]));
      return false;
    }
  }
  return true;
}

/// The greatest score of a batch, those aside that are odd, at least 1.
template <class T>
double greatest_score(const rows<T>& in) {
  double most = 1;
  for (const auto* list : {&in.chosen, &in.rejected, &in.frozen_chosen, &in.frozen_rejected}) {
    for (const T score : *list) {
      const double size = std::fabs(static_cast<double>(score));
      if (size < 1e30) { most = std::fmax(most, size); }
    }
  }
  return most;
}

/// Whether the same negatives are selected.
template <class T>
bool same_boundary(const std::vector<T>& a, const std::vector<T>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if ((a[i] == 0) != (b[i] == 0)) { return false; }
  }
  return a.size() == b.size();
}

inline bool same_counts(const po::row_counts& a, const po::row_counts& b) {
  return a.rows == b.rows && a.empty_rows == b.empty_rows && a.invalid_rows == b.invalid_rows &&
         a.underflow_rows == b.underflow_rows && a.first_invalid.row == b.first_invalid.row &&
         a.first_invalid.slot == b.first_invalid.slot && a.first_invalid.defect == b.first_invalid.defect;
}

/// What the pipelines of a check are made of; each takes nvcc long.
enum class form { dynamic, both };

/// One call on the device against seq.
template <class T, class Pipeline>
void check_parity(objective name, const Pipeline& pipeline, bool dynamic, const rows<T>& in) {
  const device_batch<T, T> batch(in);
  const auto result =
      po::loss_and_gradient(po::exec::cuda_stream{}, pipeline, batch.policy(), batch.reference(), batch.out()).get();
  const answer<T> expected = host_answer(name, dynamic, in);
  DEVICE_CHECK(same_counts(result, expected.counts));
  const double scores = greatest_score(in);
  DEVICE_CHECK(near(static_cast<T>(result.loss), static_cast<T>(expected.loss), 4, scores));
  DEVICE_CHECK(near(batch.gradient_chosen.values(), expected.chosen, 4, scores));
  DEVICE_CHECK(near(batch.gradient_rejected.values(), expected.rejected, 4, scores));
  DEVICE_CHECK(near(batch.row_loss.values(), expected.row_loss, 4, scores));
  DEVICE_CHECK(near(batch.beta.values(), expected.beta, 4, scores));
  DEVICE_CHECK(same_boundary(batch.beta.values(), expected.beta));
}

/// Rows of every length class, odd ones and the golden ones.
template <class T, class Pipeline>
void check_lengths(objective name, const Pipeline& pipeline, bool dynamic, po::index rows_of_k15) {
  for (const po::index k : {1, 2, 4, 5, 8, 9, 15, 16, 19, 32, 33, 64, 65, 256, 1024, 3000}) {
    const po::index count = rows_at_hand(k > 64 ? 50 : 1000);
    const auto seed = static_cast<std::uint64_t>(k);
    check_parity(name, pipeline, dynamic,
                 random_rows<T>(seed, k == 15 ? rows_at_hand(rows_of_k15) : count, k, false, 0));
    check_parity(name, pipeline, dynamic, random_rows<T>(seed, count, k, false, -1200));
    check_parity(name, pipeline, dynamic, random_rows<T>(seed, count, k, true, -50));
  }
  check_parity(name, pipeline, dynamic, odd_rows<T>(3, 2000, 6));
  check_parity(name, pipeline, dynamic, odd_rows<T>(4, 100, 60));
  for (const rows<T>& golden : golden_rows<T>()) { check_parity(name, pipeline, dynamic, golden); }
}
template <class T, form Form, class Objective>
void check_parity(objective name, const Objective& objective, po::index rows_of_k15) {
  check_lengths<T>(name, po::dynamic(objective), true, rows_of_k15);
  if constexpr (Form == form::both) { check_lengths<T>(name, po::vanilla(objective), false, rows_of_k15); }
}

/// Runs `test` where there is a device: 0, 1, or 77 where there is none.
template <class Test>
int run(const Test& test) {
  int devices = 0;
  if (const cudaError_t code = cudaGetDeviceCount(&devices); code != cudaSuccess || devices == 0) {
    std::printf("skipped: no CUDA device (%s)\n", cudaGetErrorString(code));
    return 77;
  }
  try {
    test();
  } catch (const std::exception& failure) {
    std::printf("failed: %s\n", failure.what());
    return 1;
  }
  if (failures != 0) { std::printf("%d checks failed\n", failures); }
  return failures == 0 ? 0 : 1;
}

}  // namespace device_test

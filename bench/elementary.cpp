// SPDX-License-Identifier: MIT
// Elementary functions over a block in the first cache: nanoseconds an element, median of 31 interleaved rounds, of ours
// side by side in lanes and of the standard library number by number.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "dynamicpo/detail/processor.hpp"
#include "dynamicpo/detail/softplus.hpp"
#include "dynamicpo/sample/philox.hpp"

namespace {

namespace detail = dynamicpo::detail;
namespace elementary = dynamicpo::detail::elementary;

constexpr std::size_t block = 2048;
constexpr int rounds = 31, passes = 10;

template <class T>
using numbers = std::array<T, block>;

template <class T, class Function>
void side_by_side(const numbers<T>& x, numbers<T>& y, const Function& function) {
  detail::run_on_this_processor([&](auto register_bytes) {
    using V = detail::lanes<T, 64 / sizeof(T), register_bytes>;
    for (std::size_t i = 0; i < block; i += V::count) { function(V::load(x.data() + i)).store(y.data() + i); }
  });
}
template <class T, class Function>
[[gnu::noinline]] void one_by_one(const numbers<T>& x, numbers<T>& y, const Function& function) {
  for (std::size_t i = 0; i < block; ++i) { y[i] = function(x[i]); }
}

template <class Work>
double nanoseconds(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  for (int pass = 0; pass < passes; ++pass) {
    work();
    asm volatile("" ::: "memory");  // whatever it wrote is wanted
  }
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / (passes * block);
}

double median(std::array<double, rounds>& times) {
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[rounds / 2];
}

template <class T, class Ours, class Theirs>
void compare(const char* type, const char* name, T low, T high, const Ours& ours, const Theirs& theirs) {
  alignas(64) static numbers<T> x, y;
  dynamicpo::sample::philox_engine random{1};
  for (T& number : x) { number = low + static_cast<T>(random.uniform()) * (high - low); }
  std::array<double, rounds> lanes{}, library{};
  for (int round = 0; round < rounds; ++round) {
    lanes[static_cast<std::size_t>(round)] = nanoseconds([&] { side_by_side(x, y, ours); });
    library[static_cast<std::size_t>(round)] = nanoseconds([&] { one_by_one(x, y, theirs); });
  }
  const double a = median(lanes), b = median(library);
  std::printf("%-7s %-22s %8.3f %8.3f %7.1f\n", type, name, a, b, b / a);
}

template <class T>
void report(const char* type) {
  const auto softplus = [](T x) { return std::max(x, T(0)) + std::log1p(std::exp(-std::abs(x))); };
  const auto compare_on = [&](const char* name, double low, double high, const auto& ours, const auto& theirs) {
    compare(type, name, static_cast<T>(low), static_cast<T>(high), ours, theirs);
  };
  compare_on("exp", -20, 20, [](const auto& x) { return elementary::exp(x); }, [](T x) { return std::exp(x); });
  compare_on("log", 0, 20, [](const auto& x) { return elementary::log(x); }, [](T x) { return std::log(x); });
  compare_on("log1p", 0, 20, [](const auto& x) { return elementary::log1p(x); }, [](T x) { return std::log1p(x); });
  compare_on("tanh", -4, 4, [](const auto& x) { return elementary::tanh(x); }, [](T x) { return std::tanh(x); });
  compare_on("softplus", -20, 20, [](const auto& x) { return detail::softplus(x); }, softplus);
  compare_on(
      "softplus and logistic", -20, 20,
      [](const auto& x) {
        const auto both = detail::softplus_and_logistic(x);
        return both.value + both.slope;
      },
      [&](T x) { return softplus(x) + 1 / (1 + std::exp(-x)); });
}

}  // namespace

int main() {
  std::printf("%-7s %-22s %8s %8s %7s\n", "type", "function", "lanes", "library", "ratio");
  report<float>("float");
  report<double>("double");
}

// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/stream_store.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"

namespace po = dynamicpo;
namespace detail = dynamicpo::detail;

namespace {

/// Wherever they begin and end, streams write what they should and nothing beside it.
template <class T>
void check_places() {
  constexpr std::size_t line = 64 / sizeof(T);
  std::vector<T> from(5 * line + 3), memory(8 * line);
  for (std::size_t i = 0; i < from.size(); ++i) { from[i] = static_cast<T>(i + 1); }
  for (std::size_t first = 0; first < 2 * line; ++first) {
    for (std::size_t n = 0; n <= from.size(); ++n) {
      std::fill(memory.begin(), memory.end(), T(-1));
      detail::stream_scaled(from.data(), T(2), n, memory.data() + first);
      detail::finish_streams();
      for (std::size_t i = 0; i < memory.size(); ++i) {
        REQUIRE(memory[i] == (i >= first && i < first + n ? 2 * from[i - first] : T(-1)));
      }
      detail::stream_fill(T(7), n, memory.data() + first);
      detail::finish_streams();
      for (std::size_t i = 0; i < memory.size(); ++i) {
        REQUIRE(memory[i] == (i >= first && i < first + n ? T(7) : T(-1)));
      }
    }
  }
}

/// A gradient beyond the caches is that of its rows alone.
template <class T, class Pipeline, class Exec>
void check_large_gradient(const Pipeline& pipeline, const Exec& exec, std::size_t negatives) {
  const std::size_t rows = detail::stream_bytes / (negatives * sizeof(T)) + 2;
  std::vector<T> chosen(rows), rejected(rows * negatives), gradient_chosen(rows), gradient_rejected(rejected.size());
  po::sample::philox_engine random{17};
  for (std::size_t i = 0; i < rejected.size(); ++i) { rejected[i] = static_cast<T>(-10 * random.uniform()); }
  for (std::size_t b = 0; b < rows; ++b) { chosen[b] = static_cast<T>(b % 2 == 0 ? 1 : -5); }
  rejected[5 * negatives + 2] = std::numeric_limits<T>::quiet_NaN();
  const auto scores = po::view(chosen, rejected);
  const po::outputs<T> whole{.gradient = po::view(gradient_chosen, gradient_rejected),
                             .reduction = po::reduction::sum,
                             .nonfinite = po::nonfinite::skip};
  po::loss_and_gradient(exec, pipeline, scores, po::reference_free, whole);
  std::vector<T> few_chosen(40), few_rejected(40 * negatives);
  for (const std::size_t first : {std::size_t{0}, rows / 2, rows - 40}) {
    const po::outputs<T> few{.gradient = po::view(few_chosen, few_rejected),
                             .reduction = po::reduction::sum,
                             .nonfinite = po::nonfinite::skip};
    po::loss_and_gradient(po::exec::seq, pipeline, scores.slice(static_cast<po::index>(first), 40), po::reference_free,
                          few);
    std::size_t different = 0;
    for (std::size_t b = 0; b < 40; ++b) {
      different += gradient_chosen[first + b] == few_chosen[b] ? 0u : 1u;
      for (std::size_t k = 0; k < negatives; ++k) {
        different += gradient_rejected[(first + b) * negatives + k] == few_rejected[b * negatives + k] ? 0u : 1u;
      }
    }
    REQUIRE(different == 0);
    REQUIRE(std::any_of(few_rejected.begin(), few_rejected.end(), [](T each) { return each != 0; }));
  }
}

}  // namespace

TEST_CASE("streams write what they should, wherever they begin and end") {
  check_places<float>();
  check_places<double>();
}

TEST_CASE("a gradient beyond the caches is that of its rows alone", "[threads]") {
  for (const std::size_t negatives : {8u, 15u, 37u, 64u, 301u}) {
    CAPTURE(negatives);
    check_large_gradient<float>(po::vanilla(po::objective::dmpo), po::exec::seq, negatives);
    check_large_gradient<float>(po::vanilla(po::objective::sdpo), po::exec::threads(2), negatives);
    check_large_gradient<double>(po::vanilla(po::objective::dmpo), po::exec::threads(2), negatives);
    check_large_gradient<double>(po::vanilla(po::objective::sdpo), po::exec::seq, negatives);
    check_large_gradient<float>(po::dynamic(po::objective::dmpo), po::exec::threads(2), negatives);
  }
}

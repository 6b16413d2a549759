// SPDX-License-Identifier: MIT
// Sequence log-probabilities and their gradient against the formula in 50 digits, at the vocabularies of real models.
#include "dynamicpo/lm/sequence_log_prob.hpp"

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/sample/philox.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace {

namespace mp = boost::multiprecision;
using digits50 = mp::number<mp::cpp_bin_float_50::backend_type, mp::et_off>;
namespace po = dynamicpo;
namespace lm = dynamicpo::lm;
using test_support::between;

/// Relative, of numbers that are not 0.
double error(double found, const digits50& exact) { return static_cast<double>(abs(found - exact) / abs(exact)); }

/// How the logits of one token lie.
enum class kind { gaussian_like, flat, one_certain, far_offset, climbing };

std::vector<double> logits_of(kind which, std::size_t vocabulary, std::size_t label) {
  po::sample::philox_engine random{vocabulary + static_cast<std::size_t>(which)};
  std::vector<double> made(vocabulary);
  double climbed = -40;
  for (double& each : made) {
    switch (which) {
      case kind::gaussian_like:
        each = between(random, -4, 4) + between(random, -4, 4);
        break;
      case kind::flat:
        each = between(random, -1e-3, 1e-3);
        break;
      case kind::one_certain:
        each = between(random, -30, -20);
        break;
      case kind::far_offset:
        each = 5000 + between(random, -3, 3);
        break;
      case kind::climbing:  // every piece holds the greatest so far
        each = climbed += 80.0 / static_cast<double>(vocabulary);
        break;
    }
  }
  if (which == kind::one_certain) { made[label] = 0; }
  return made;
}

}  // namespace

TEMPLATE_TEST_CASE("sequence_log_prob and its gradient against 50 digits at large vocabularies", "[slow]", float,
                   double) {
  const double tolerance = sizeof(TestType) == 8 ? 1e-13 : 1e-6;
  for (const std::size_t vocabulary : {32'000u, 128'256u}) {
    for (const auto which : {kind::gaussian_like, kind::flat, kind::one_certain, kind::far_offset, kind::climbing}) {
      const std::size_t label = vocabulary / 3;
      std::vector<TestType> logits;
      for (const double each : logits_of(which, vocabulary, label)) { logits.push_back(static_cast<TestType>(each)); }

      digits50 sum = 0, rest = 0, weighted = 0;
      const digits50 at_label = static_cast<double>(logits[label]);
      for (std::size_t v = 0; v < vocabulary; ++v) {
        const digits50 distance = static_cast<double>(logits[v]) - at_label, weight = exp(distance);
        sum += weight;
        weighted += weight * distance;
        if (v != label) { rest += weight; }
      }
      const digits50 log_sum = log1p(rest), exact_entropy = log_sum - weighted / sum;

      const std::vector<std::int32_t> labels{static_cast<std::int32_t>(label)};
      const std::vector<double> coefficient{1};
      std::vector<double> log_prob(1), entropy(1);
      const auto size = static_cast<po::index>(vocabulary);
      const auto view = lm::view_logits(std::span<const TestType>(logits), 1, 1, size);
      lm::sequence_log_prob(po::exec::seq, view, {.label = labels}, {.log_prob = log_prob, .entropy = entropy});
      CAPTURE(vocabulary, static_cast<int>(which));
      REQUIRE(error(log_prob[0], -log_sum) <= tolerance);
      REQUIRE(error(entropy[0], exact_entropy) <= tolerance);

      // An entry is e^(logit - log-sum), of 4 ulp and a product; the log-sum (a double) is rounded, and
      // the difference twice: the log-sum is subtracted in two parts.
      const double rounding = sizeof(TestType) == 8 ? 0x1p-53 : 0x1p-24;
      const double shift = static_cast<double>(log_sum), most = std::abs(static_cast<double>(at_label) + shift);
      const double of_log_sum = 0x1p-53 * (most + 4 * std::abs(shift));
      std::vector<TestType> gradient(vocabulary);
      lm::sequence_log_prob_backward(po::exec::seq, view, {.label = labels}, coefficient,
                                     lm::view_logits(std::span<TestType>(gradient), 1, 1, size));
      for (std::size_t v = 0; v < vocabulary; v += v + 7 < label || v > label ? 7 : 1) {
        const digits50 share = exp(static_cast<double>(logits[v]) - at_label) / sum;
        const double found = static_cast<double>(gradient[v]);
        if (v == label) {
          REQUIRE(error(found, rest / sum) <= tolerance);
        } else {
          const double distance = std::abs(static_cast<double>(log(share)));
          REQUIRE(error(found, -share) <= rounding * (6 + 2 * distance) + of_log_sum);
        }
      }
    }
  }
}

// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"
#include "support/rows.hpp"

/// One row under a pipeline. A reference, where given, is a chosen score and then the rejected ones, as the row itself.
namespace objective_test {

namespace po = dynamicpo;

template <class T, class Pipeline>
test_support::answer<T> answer_of(const Pipeline& pipeline, T chosen, std::vector<T> rejected) {
  const test_support::table<T> row{{chosen}, std::move(rejected)};
  return test_support::evaluate(pipeline, po::scores<const T>(row.view()), po::reference_free);
}

/// The gradient is that of the loss, by central differences at `row` and with respect to all of it.
template <class Pipeline>
void require_gradient(const Pipeline& pipeline, const std::vector<double>& row, const std::vector<double>& reference) {
  const auto table_of = [](const std::vector<double>& from) {
    return test_support::table<double>{{from[0]}, {from.begin() + 1, from.end()}};
  };
  const auto under_reference = table_of(reference);
  const auto found = test_support::evaluate(pipeline, table_of(row).view(), under_reference.view());
  std::vector<double> gradient = found.gradient.chosen;
  gradient.insert(gradient.end(), found.gradient.rejected.begin(), found.gradient.rejected.end());
  const auto loss = [&](const std::vector<double>& at) {
    return static_cast<double>(po::loss(po::exec::seq, pipeline, table_of(at).view(), under_reference.view()).loss);
  };
  REQUIRE(test_support::gradient_error(loss, row, gradient) <= test_support::gradient_tolerance);
  // A gradient of zeros would agree with a flat loss.
  REQUIRE(found.result.instruments.gradient_sum > 1e-6);
}

/// Gradient checks at an ordinary row, one of ties, and beta other than 1.
template <class Objective>
void require_gradients(const Objective& objective) {
  const std::vector<double> reference{-4.5, -6.5, -3, -9.25};
  for (const double beta : {1.0, 0.3}) {
    const auto pipeline = po::vanilla(objective, beta);
    require_gradient(pipeline, {-4, -6, -3.5, -9}, reference);
    require_gradient(pipeline, {-0.3, -2, -2, -2}, {-0.5, -2, -2, -2});
    require_gradient(pipeline, {-3, -2.5}, {-3.5, -2});
  }
}

/// The suppression certificate: beta = 1, one violator at margin -2 and K - 1 easy negatives at +20. |gradient| on the
/// violator.
template <class T, class Pipeline>
double gradient_on_violator(const Pipeline& pipeline, std::size_t negatives) {
  std::vector<T> rejected(negatives, T(-20));
  rejected[0] = T(2);
  return std::abs(static_cast<double>(answer_of<T>(pipeline, T(0), rejected).gradient.rejected[0]));
}

}  // namespace objective_test

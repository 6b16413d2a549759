// SPDX-License-Identifier: MIT
// The closed-form gradient against central differences: every objective, selection, beta and layout.
#include "support/gradient_check.hpp"

#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "support/catch.hpp"
#include "support/oracle.hpp"
#include "support/rows.hpp"

namespace {

using namespace test_support;

enum class layout { dense, ragged, masked, lengths };

/// A batch in one of the layouts, whose policy scores are a vector x: all chosen, then all rejected.
class problem {
 public:
  explicit problem(layout which)
      : scores_{random_batch<double>(7, rows, negatives, which == layout::ragged)},
        mask_(scores_.policy.rejected.size(), 1),
        chosen_lengths_(rows, 1),
        rejected_lengths_(mask_.size(), 1),
        which_{which} {
    po::sample::philox_engine random{8};
    if (which == layout::masked) {
      for (std::size_t i = 0; i < mask_.size(); ++i) { mask_[i] = i % negatives == 0 || random.below(3) > 0 ? 1 : 0; }
    }
    if (which == layout::lengths) {
      for (auto& length : chosen_lengths_) { length = 1 + static_cast<std::int32_t>(random.below(5)); }
      for (auto& length : rejected_lengths_) { length = static_cast<std::int32_t>(random.below(5)); }  // some empty
    }
  }

  std::vector<double> x() const {
    std::vector<double> x = scores_.policy.chosen;
    x.insert(x.end(), scores_.policy.rejected.begin(), scores_.policy.rejected.end());
    return x;
  }
  void set(const std::vector<double>& x) {
    std::copy_n(x.begin(), rows, scores_.policy.chosen.begin());
    std::copy(x.begin() + rows, x.end(), scores_.policy.rejected.begin());
  }
  auto policy() const { return dressed(scores_.policy.view(), true); }
  auto reference() const { return dressed(scores_.reference.view(), false); }

  /// The sum of the row losses by the oracle, selection and betas held fast.
  double frozen_loss(oracle::objective which, const std::vector<double>& x, const std::vector<double>& beta) {
    set(x);
    const auto policy = this->policy(), reference = this->reference();
    double total = 0;
    for (po::index b = 0; b < policy.rows(); ++b) {
      const auto chosen_length = static_cast<double>(policy.chosen_length(b));
      oracle::row row{policy.chosen(b) / chosen_length, reference.chosen(b) / chosen_length, {}, {}};
      std::vector<double> betas;
      for (po::index k = 0; k < policy.negatives(b); ++k) {
        const double of_this = beta[static_cast<std::size_t>(policy.flat(b) + k)];
        if (of_this == 0) { continue; }
        const auto length = static_cast<double>(policy.rejected_length(b, k));
        row.rejected.push_back(policy.rejected(b, k) / length);
        row.reference_rejected.push_back(reference.rejected(b, k) / length);
        betas.push_back(of_this);
      }
      if (!betas.empty()) { total += oracle::evaluate(which, row, std::vector<bool>(betas.size(), true), betas).loss; }
    }
    return total;
  }

 private:
  static constexpr po::index rows = 5, negatives = 4;

  po::scores<const double> dressed(po::scores<const double> view, bool with_mask) const {
    if (which_ == layout::masked && with_mask) { return view.with_mask(mask_); }
    if (which_ == layout::lengths) { return view.with_lengths(chosen_lengths_, rejected_lengths_); }
    return view;
  }

  batch<double> scores_;
  std::vector<std::uint8_t> mask_;
  std::vector<std::int32_t> chosen_lengths_, rejected_lengths_;
  layout which_;
};

template <class Pipeline>
void check(oracle::objective which, const Pipeline& pipeline) {
  constexpr bool fixed = !Pipeline::beta_type::needs_rest;
  for (const layout layouts : {layout::dense, layout::ragged, layout::masked, layout::lengths}) {
    CAPTURE(which, layouts, fixed);
    problem at{layouts};
    const std::vector<double> x0 = at.x();
    const auto found = evaluate(pipeline, at.policy(), at.reference());
    REQUIRE(found.result.rows + found.result.empty_rows == at.policy().rows());
    REQUIRE(found.result.rows > 0);
    std::vector<double> gradient = found.gradient.chosen;
    gradient.insert(gradient.end(), found.gradient.rejected.begin(), found.gradient.rejected.end());

    const auto frozen = [&](const std::vector<double>& x) { return at.frozen_loss(which, x, found.beta); };
    REQUIRE(gradient_error(frozen, x0, gradient) <= gradient_tolerance);

    if constexpr (fixed) {  // nothing to hold fast but the selection, which these steps leave alone
      const auto loss = [&](const std::vector<double>& x) {
        at.set(x);
        std::vector<double> beta(found.beta.size(), nan_of<double>);
        const auto here = po::loss(po::exec::seq, pipeline, at.policy(), at.reference(),
                                   {.effective_beta = beta, .reduction = po::reduction::sum});
        REQUIRE(beta == found.beta);
        return here.loss;
      };
      REQUIRE(gradient_error(loss, x0, gradient) <= gradient_tolerance);
    }
  }
}

template <class Objective>
void check_all_parts(oracle::objective which, const Objective& objective) {
  constexpr po::beta::fixed fixed{.base = 0.8};
  constexpr po::beta::dual_margin dual{.base = 0.8, .gamma = 2.0};
  check(which, po::pipeline{po::select::all{}, fixed, objective});
  check(which, po::pipeline{po::select::all{}, dual, objective});
  check(which, po::pipeline{po::select::boundary{}, fixed, objective});
  check(which, po::pipeline{po::select::boundary{}, dual, objective});
}

}  // namespace

TEST_CASE("gradients are the slopes of the losses at fixed selection and beta") {
  check_all_parts(oracle::objective::dmpo, po::objective::dmpo);
  check_all_parts(oracle::objective::sdpo, po::objective::sdpo);
  check_all_parts(oracle::objective::mppo, po::objective::mppo);
  check_all_parts(oracle::objective::ipo, po::objective::ipo(oracle::ipo_tau));
  check_all_parts(oracle::objective::slic, po::objective::slic(oracle::slic_target));
  check_all_parts(oracle::objective::simpo, po::objective::simpo(oracle::simpo_target));
  check_all_parts(oracle::objective::smoothed_dpo, po::objective::smoothed_dpo(oracle::smoothing));
}

TEST_CASE("dpo takes the one negative that top_k leaves, and its gradient is the slope") {
  constexpr po::beta::dual_margin dual{.base = 0.8, .gamma = 2.0};
  constexpr po::select::top_k best{.count = 1};
  check(oracle::objective::dpo, po::pipeline{best, po::beta::fixed{.base = 0.8}, po::objective::dpo});
  check(oracle::objective::dpo, po::pipeline{best, dual, po::objective::dpo});
}

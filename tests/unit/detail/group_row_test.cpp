// SPDX-License-Identifier: MIT
#include "dynamicpo/detail/group_row.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/lane_group.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;
namespace detail = dynamicpo::detail;
using test_support::infinity_of;
using test_support::nan_of;

namespace {

template <class T>
struct outcome {
  po::row_counts counts;
  double loss;
  test_support::table<T> gradient;
  std::vector<T> row_loss, beta;
};

template <class T>
outcome<T> room_for(const po::scores<const T>& policy) {
  outcome<T> made{{}, 0, test_support::table_like(policy, nan_of<T>), {}, {}};
  made.row_loss.assign(static_cast<std::size_t>(policy.rows()), nan_of<T>);
  made.beta.assign(static_cast<std::size_t>(policy.flat(policy.rows())), nan_of<T>);
  return made;
}

/// By a group of `Size` threads with `C` columns each, threads being lanes.
template <unsigned Size, unsigned C, class T, class Pipeline, class Reference>
outcome<T> by_group(const Pipeline& pipeline, const po::scores<const T>& policy, const Reference& reference,
                    po::nonfinite nonfinite) {
  using group = test_support::lane_group<Size>;
  outcome<T> found = room_for(policy);
  const auto& used = detail::used_reference<Pipeline>(reference);
  const detail::row_by_group<true, Pipeline, const T, std::remove_cvref_t<decltype(used)>, po::space::host> work{
      pipeline, policy, used, {found.gradient.view(), found.row_loss.data(), found.beta.data(), nonfinite, 0.25}};
  detail::batch_total<double> total;
  for (po::index row = 0; row < policy.rows(); ++row) {
    detail::own_columns<typename group::template of<T>, C> room;
    total.add(row, work(group{}, row, room), nonfinite == po::nonfinite::propagate);
  }
  found.counts = total.counts;
  found.loss = total.loss;
  return found;
}

/// The same with columns in memory, as rows of more than 64 negatives have them.
template <unsigned Size, class T, class Pipeline, class Reference>
outcome<T> by_long_group(const Pipeline& pipeline, const po::scores<const T>& policy, const Reference& reference) {
  using group = test_support::lane_group<Size>;
  using V = typename group::template of<T>;
  outcome<T> found = room_for(policy);
  const detail::row_by_group<true, Pipeline, const T, Reference, po::space::host> work{
      pipeline,
      policy,
      reference,
      {found.gradient.view(), found.row_loss.data(), found.beta.data(), po::nonfinite::skip, 0.25}};
  detail::batch_total<double> total;
  for (po::index row = 0; row < policy.rows(); ++row) {
    const auto columns = static_cast<std::size_t>((policy.negatives(row) + Size - 1) / Size);
    std::vector<V> score(columns), ratio(columns), beta(columns), weight(columns);
    std::vector<double> memory(detail::cut_room<T>::bytes(columns * Size, Size) / sizeof(double) + 1);
    void* const aligned = memory.data() + reinterpret_cast<std::uintptr_t>(memory.data()) % 16 / sizeof(double);
    detail::long_columns<V, T> room{{score.data()},
                                    {ratio.data()},
                                    {beta.data()},
                                    {weight.data()},
                                    static_cast<unsigned>(columns),
                                    detail::cut_room<T>::in(aligned, columns * Size, Size)};
    total.add(row, work(group{}, row, room), false);
  }
  found.counts = total.counts;
  found.loss = total.loss;
  return found;
}

template <class T, class Pipeline, class Reference>
outcome<T> by_seq(const Pipeline& pipeline, const po::scores<const T>& policy, const Reference& reference,
                  po::nonfinite nonfinite) {
  outcome<T> found = room_for(policy);
  const auto result = po::loss_and_gradient(po::exec::seq, pipeline, policy, reference,
                                            {.gradient = found.gradient.view(),
                                             .row_loss = found.row_loss,
                                             .effective_beta = found.beta,
                                             .reduction = po::reduction::sum,
                                             .nonfinite = nonfinite});
  found.counts = result;
  found.loss = result.loss;
  return found;
}

/// Both NaN, or close: float, whose sums are in double, to 4 units of the last place. Sums of double round differently
/// in another order, and what cancels afterwards has that error.
template <class T>
bool near(T x, T y) {
  if (std::isnan(x) || std::isnan(y)) { return std::isnan(x) && std::isnan(y); }
  constexpr T epsilon = std::numeric_limits<T>::epsilon();
  if constexpr (std::is_same_v<T, float>) { return x == y || std::abs(x - y) <= 4 * epsilon * std::abs(y); }
  return x == y || std::abs(x - y) <= 64 * epsilon * std::max(std::abs(y), T(1));
}
template <class T>
bool near(const std::vector<T>& a, const std::vector<T>& b, T factor = 1) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](T x, T y) { return near(x, factor * y); });
}

template <class T>
void require_same(const outcome<T>& found, const outcome<T>& expected) {
  REQUIRE(test_support::same_counts(found.counts, expected.counts));
  REQUIRE(near(found.row_loss, expected.row_loss));
  REQUIRE(near(found.gradient.chosen, expected.gradient.chosen, T(0.25)));
  REQUIRE(near(found.gradient.rejected, expected.gradient.rejected, T(0.25)));
  REQUIRE(near(found.beta, expected.beta));
  for (std::size_t i = 0; i < found.beta.size(); ++i) {  // the same negatives are selected
    REQUIRE((found.beta[i] == 0) == (expected.beta[i] == 0));
  }
  REQUIRE(near(static_cast<T>(found.loss), static_cast<T>(expected.loss)));
}

template <unsigned Size, unsigned C, class T, class Pipeline, class Reference>
void require_same(const Pipeline& pipeline, const po::scores<const T>& policy, const Reference& reference,
                  po::nonfinite nonfinite = po::nonfinite::skip) {
  CAPTURE(Size, C);
  require_same(by_group<Size, C>(pipeline, policy, reference, nonfinite),
               by_seq(pipeline, policy, reference, nonfinite));
}

}  // namespace

TEMPLATE_TEST_CASE("a group of threads answers as seq does, for every objective", "", float, double) {
  const auto batch = test_support::random_batch<TestType>(5, 60, 7, true);
  const po::scores<const TestType> policy = batch.policy.view();
  test_support::for_each_objective([&](const char* name, const auto& objective) {
    CAPTURE(name);
    require_same<8, 2>(po::dynamic(objective), policy, batch.reference.view());
  });
}

TEMPLATE_TEST_CASE("groups of every size answer as seq does, K = 1..64", "", float, double) {
  const auto pipeline = po::dynamic(po::objective::sdpo);
  for (po::index k = 1; k <= 64; ++k) {
    const auto batch = test_support::random_batch<TestType>(static_cast<std::uint64_t>(k), 12, k);
    const po::scores<const TestType> policy = batch.policy.view();
    CAPTURE(k);
    if (k <= 1) { require_same<1, 1>(pipeline, policy, batch.reference.view()); }
    if (k <= 4) { require_same<4, 1>(pipeline, policy, batch.reference.view()); }
    if (k <= 16) { require_same<16, 1>(pipeline, policy, batch.reference.view()); }
    if (k <= 32) { require_same<32, 1>(pipeline, policy, batch.reference.view()); }
    require_same<32, 2>(pipeline, policy, batch.reference.view());
  }
}

TEMPLATE_TEST_CASE("a group selects as seq does, by every selection that runs on a device", "", float, double) {
  const auto batch = test_support::random_batch<TestType>(6, 200, 8, true);
  const po::scores<const TestType> policy = batch.policy.view();
  const auto check = [&](const auto& select) {
    require_same<16, 1>(po::pipeline{select, po::beta::dual_margin{.gamma = 2}, po::objective::dmpo}, policy,
                        batch.reference.view());
  };
  check(po::select::all{});
  check(po::select::violators{});
  check(po::select::threshold{-2});
  check(po::select::boundary{});
  for (const po::index count : {-1, 0, 1, 3, 99}) { check(po::select::top_k{count}); }
}

TEMPLATE_TEST_CASE("a group answers bad, masked and empty rows as seq does", "", float, double) {
  using T = TestType;
  constexpr po::index rows = 300, k = 6;
  auto batch = test_support::random_batch<T>(7, rows, k);
  po::sample::philox_engine random{8};
  const T odd[] = {nan_of<T>, infinity_of<T>, -infinity_of<T>, std::numeric_limits<T>::max()};
  for (auto* list :
       {&batch.policy.rejected, &batch.reference.rejected, &batch.policy.chosen, &batch.reference.chosen}) {
    for (T& score : *list) {
      if (random.below(12) == 0) { score = odd[random.below(4)]; }
    }
  }
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(rows * k));
  std::vector<std::int32_t> chosen_lengths(static_cast<std::size_t>(rows)), lengths(mask.size());
  for (auto& present : mask) { present = random.below(3) == 0 ? 0 : 1; }
  for (auto& length : lengths) { length = static_cast<std::int32_t>(random.below(4)); }
  for (auto& length : chosen_lengths) { length = static_cast<std::int32_t>(random.below(9)); }
  const po::scores<const T> plain = batch.policy.view(), reference = batch.reference.view();
  const auto lengthy = [&](const po::scores<const T>& scores) { return scores.with_lengths(chosen_lengths, lengths); };
  for (const auto answer : {po::nonfinite::skip, po::nonfinite::propagate}) {
    const auto check = [&](const auto& pipeline) {
      require_same<8, 1>(pipeline, plain, reference, answer);
      require_same<8, 1>(pipeline, plain.with_mask(mask), reference, answer);
      require_same<8, 1>(pipeline, lengthy(plain).with_mask(mask), lengthy(reference), answer);
    };
    check(po::vanilla(po::objective::sdpo, 0.5));
    if (answer == po::nonfinite::skip) { check(po::dynamic(po::objective::dmpo)); }
    if (answer == po::nonfinite::skip) { check(po::dynamic(po::objective::mppo)); }
  }
}

TEMPLATE_TEST_CASE("a group answers rows beyond its registers as seq does", "", float, double) {
  for (const po::index k : {65, 100, 256, 700}) {
    const auto batch = test_support::random_batch<TestType>(static_cast<std::uint64_t>(k), 6, k, k == 100);
    const po::scores<const TestType> policy = batch.policy.view(), reference = batch.reference.view();
    CAPTURE(k);
    const auto check = [&](const auto& pipeline) {
      require_same(by_long_group<16>(pipeline, policy, reference),
                   by_seq(pipeline, policy, reference, po::nonfinite::skip));
    };
    check(po::dynamic(po::objective::sdpo));
    check(po::pipeline{po::select::top_k{5}, po::beta::dual_margin{.gamma = 2}, po::objective::dmpo});
  }
}

TEST_CASE("a group refuses more negatives than the objective takes") {
  const auto batch = test_support::random_batch<double>(9, 4, 3);
  const po::scores<const double> policy = batch.policy.view();
  const auto found =
      by_group<4, 1>(po::vanilla(po::objective::dpo), policy, batch.reference.view(), po::nonfinite::skip);
  REQUIRE(found.counts.invalid_rows == 4);
  REQUIRE(found.counts.first_invalid.defect == po::defect::too_many_negatives);
  for (const double entry : found.gradient.rejected) { REQUIRE(entry == 0); }
}

// SPDX-License-Identifier: MIT
// docs/contract.md, the lines about shapes and shared memory.
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/message_of.hpp"
#include "support/rows.hpp"

namespace {

using namespace test_support;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEMPLATE_TEST_CASE("shapes differ: std::invalid_argument naming both shapes, before anything is read or written", "",
                   float, double) {
  const batch<TestType> four = random_batch<TestType>(1, 4, 3), five = random_batch<TestType>(1, 5, 3);
  const batch<TestType> wider = random_batch<TestType>(1, 4, 5);
  const auto dmpo = po::vanilla(po::objective::dmpo);
  std::vector<TestType> row_loss(5, TestType(77));
  const po::outputs<TestType> out{.row_loss = row_loss};
  const auto policy = four.policy.view();

  REQUIRE(message_of([&] { po::loss(po::exec::seq, dmpo, policy, five.reference.view(), out); }) ==
          "dynamicpo::loss: policy is [4] + [4, 3], reference is [5] + [5, 3]");
  REQUIRE(message_of([&] { po::loss(po::exec::seq, dmpo, policy, wider.reference.view(), out); }) ==
          "dynamicpo::loss: policy is [4] + [4, 3], reference is [4] + [4, 5]");
  REQUIRE(message_of([&] { po::validate(policy, wider.reference.view()); }) ==
          "dynamicpo::validate: policy is [4] + [4, 3], reference is [4] + [4, 5]");
  REQUIRE(message_of([&] { po::loss_and_gradient(po::exec::seq, dmpo, policy, four.reference.view(), out); }) ==
          "dynamicpo::loss_and_gradient: policy is [4] + [4, 3], gradient is [0] + [0, 0]");

  const table<TestType> ragged{{-1, -2}, {-1, -2, -3}, {0, 1, 3}}, other{{-1, -2}, {-1, -2, -3}, {0, 2, 3}};
  REQUIRE(message_of([&] { po::loss(po::exec::seq, dmpo, ragged.view(), other.view(), out); }) ==
          "dynamicpo::loss: policy is [2] + ragged(3), reference is [2] + ragged(3)");
  REQUIRE(row_loss == std::vector<TestType>(5, TestType(77)));

  // Equal row lengths are the same shape however the rows are stored.
  const table<TestType> dense{{-1, -2}, {-1, -2, -3, -4}}, even{{-1, -2}, {-1, -2, -3, -4}, {0, 2, 4}};
  const auto a = evaluate(dmpo, dense.view(), even.view()), b = evaluate(dmpo, even.view(), dense.view());
  REQUIRE(same_bits(a.row_loss, b.row_loss));
  REQUIRE(same_bits(a.gradient, b.gradient));
}

TEST_CASE("outputs too short, a gradient for loss, masks and lengths in the wrong place: std::invalid_argument") {
  const batch<double> four = random_batch<double>(1, 4, 3);
  const auto dmpo = po::vanilla(po::objective::dmpo);
  const auto policy = four.policy.view(), reference = four.reference.view();
  std::vector<double> three(3), eleven(11);
  table<double> gradient = table_like(policy, 0.0);
  const auto loss = [&](const po::outputs<double>& out) {
    return message_of([&] { po::loss(po::exec::seq, dmpo, policy, reference, out); });
  };
  REQUIRE(loss({.row_loss = three}) == "dynamicpo::loss: row_loss has 3 entries, expected 4");
  REQUIRE(loss({.effective_beta = eleven}) == "dynamicpo::loss: effective_beta has 11 entries, expected 12");
  REQUIRE(loss({.gradient = gradient.view()}) == "dynamicpo::loss: writes no gradient; call loss_and_gradient");

  const std::vector<std::uint8_t> mask(12, 1);
  REQUIRE(contains(message_of([&] { po::loss(po::exec::seq, dmpo, policy, reference.with_mask(mask)); }),
                   "the mask belongs to the policy scores"));
  const std::vector<std::int32_t> one_each(4, 1), three_each(12, 1);
  const auto normalised = policy.with_lengths(one_each, three_each);
  REQUIRE(contains(message_of([&] { po::loss(po::exec::seq, dmpo, normalised, reference); }),
                   "policy is length-normalised, reference is not"));
  REQUIRE(contains(message_of([&] { po::loss(po::exec::seq, dmpo, reference, normalised); }),
                   "policy is not length-normalised, reference is"));

  std::vector<std::int64_t> offsets(5), four_offsets(4);
  std::vector<std::int32_t> slots(12), few_slots(11);
  const auto select = [&](const po::selection_outputs<double>& out) {
    return message_of([&] { po::select_negatives(po::exec::seq, po::select::all{}, policy, out); });
  };
  REQUIRE(contains(select({.offsets = offsets}), "offsets and slots go together"));
  REQUIRE(contains(select({.slots = slots}), "offsets and slots go together"));
  REQUIRE(contains(select({.offsets = four_offsets, .slots = slots}), "offsets has 4 entries, expected 5"));
  REQUIRE(contains(select({.offsets = offsets, .slots = few_slots}), "slots has 11 entries, expected 12"));
}

TEST_CASE("offsets not monotone, or past the end: std::invalid_argument naming the index") {
  const std::vector<double> chosen(3), rejected(5);
  const auto view = [&](const std::vector<std::int64_t>& offsets) {
    return message_of([&] { po::view(chosen, rejected, offsets); });
  };
  REQUIRE(view({0, 2, 2, 5}).empty());
  REQUIRE(view({1, 2, 3, 4}).empty());
  REQUIRE(contains(view({0, 3, 2, 5}), "offsets[2] is 2"));
  REQUIRE(contains(view({-1, 2, 3, 5}), "offsets[0] is -1"));
  REQUIRE(contains(view({0, 2, 3, 6}), "offsets[3] is 6"));
  REQUIRE(contains(view({0, 2, 6, 5}), "offsets[2] is 6"));
  REQUIRE(contains(view({0, 2, 5}), "offsets is [3], expected one more than chosen [3]"));
  REQUIRE(contains(view({}), "offsets is [0]"));
}

namespace {

/// Scores in one block of memory, as a view of each kind of layout.
template <class T>
struct packed {
  std::vector<T> memory;
  po::index rows, columns;

  po::scores<T> column_major() {  // [B, 1 + K], the chosen its first column
    return po::view(po::strided_span<T>{memory.data(), rows, 1},
                    po::strided_matrix<T>{memory.data() + rows, rows, columns, 1, rows});
  }
  po::scores<T> row_major() {
    return po::view(po::strided_span<T>{memory.data(), rows, columns + 1},
                    po::strided_matrix<T>{memory.data() + 1, rows, columns, columns + 1, 1});
  }
  po::scores<T> last_row_first() {
    T* const last = memory.data() + (rows - 1) * (columns + 1);
    return po::view(po::strided_span<T>{last, rows, -(columns + 1)},
                    po::strided_matrix<T>{last + 1, rows, columns, -(columns + 1), 1});
  }
};

template <class T>
packed<T> pack(std::uint64_t seed, po::index rows, po::index columns) {
  packed<T> made{{}, rows, columns};
  po::sample::philox_engine random{seed};
  made.memory.resize(static_cast<std::size_t>(rows * (columns + 1)));
  for (T& score : made.memory) { score = static_cast<T>(between(random, -9, 0)); }
  return made;
}

template <class Layout, class T>
void check_in_place(const Layout& layout, packed<T> policy, packed<T> reference) {
  const auto dynamic = po::dynamic(po::objective::sdpo, {.base = 0.5});
  packed<T> apart{std::vector<T>(policy.memory.size(), nan_of<T>), policy.rows, policy.columns};
  po::loss_and_gradient(po::exec::seq, dynamic, layout(policy), layout(reference), {.gradient = layout(apart)});

  packed<T> over_policy = policy, over_reference = reference;
  po::loss_and_gradient(po::exec::threads{3}, dynamic, layout(over_policy), layout(reference),
                        {.gradient = layout(over_policy)});
  REQUIRE(same_bits(over_policy.memory, apart.memory));
  po::loss_and_gradient(po::exec::seq, dynamic, layout(policy), layout(over_reference),
                        {.gradient = layout(over_reference)});
  REQUIRE(same_bits(over_reference.memory, apart.memory));
}

}  // namespace

TEMPLATE_TEST_CASE("output aliases an input: exact in-place works", "", float, double) {
  const auto policy = pack<TestType>(1, 600, 4), reference = pack<TestType>(2, 600, 4);
  check_in_place([](auto& memory) { return memory.column_major(); }, policy, reference);
  check_in_place([](auto& memory) { return memory.row_major(); }, policy, reference);
  check_in_place([](auto& memory) { return memory.last_row_first(); }, policy, reference);

  const auto dynamic = po::dynamic(po::objective::dmpo);
  for (const bool ragged : {false, true}) {
    batch<TestType> scores = random_batch<TestType>(3, 600, 4, ragged);
    const auto apart = evaluate(dynamic, std::as_const(scores).policy.view(), scores.reference.view());
    po::loss_and_gradient(po::exec::seq, dynamic, scores.policy.view(), scores.reference.view(),
                          {.gradient = scores.policy.view(), .reduction = po::reduction::sum});
    REQUIRE(same_bits(scores.policy, apart.gradient));
  }
}

TEST_CASE("output aliases an input: any other overlap is refused, and nothing is written") {
  std::vector<double> memory(64);
  for (std::size_t i = 0; i < memory.size(); ++i) { memory[i] = -static_cast<double>(i % 7); }
  const std::vector<double> before = memory;
  const auto at = [&](po::index offset, po::index row_stride = 3, po::index column_stride = 1) {
    return po::view(po::strided_span<double>{memory.data() + 40, 4, 1},
                    po::strided_matrix<double>{memory.data() + offset, 4, 3, row_stride, column_stride});
  };
  const auto refused = [&](const po::scores<double>& policy, const po::scores<double>& gradient) {
    return contains(message_of([&] {
                      po::loss_and_gradient(po::exec::seq, po::vanilla(po::objective::dmpo), policy,
                                            po::reference_free, {.gradient = gradient});
                    }),
                    "only exact in-place works");
  };
  REQUIRE(refused(at(0), at(1)));  // shifted by one
  REQUIRE(refused(at(0), at(3)));  // by a row
  REQUIRE(refused(at(1), at(0)));
  REQUIRE(refused(at(0), at(0, 1, 4)));  // transposed
  REQUIRE(refused(at(0), at(9, -3, 1)));  // last row first
  const auto over = [&](po::index chosen, po::index rejected) {
    return po::view(po::strided_span<double>{memory.data() + chosen, 4, 1},
                    po::strided_matrix<double>{memory.data() + rejected, 4, 3, 3, 1});
  };
  REQUIRE(refused(at(0), over(60, 38)));  // gradient of rejected over the chosen scores
  REQUIRE(refused(at(0), over(2, 20)));   // gradient of chosen over the rejected scores
  REQUIRE(refused(at(0), over(43, 20)));
  REQUIRE(same_bits(memory, before));

  // Side by side is no overlap: columns of one matrix, and every other entry of one array.
  REQUIRE_FALSE(refused(at(0, 6), po::view(po::strided_span<double>{memory.data() + 50, 4, 1},
                                           po::strided_matrix<double>{memory.data() + 3, 4, 3, 6, 1})));
  const std::vector<std::int64_t> offsets{0, 3, 6, 9, 12};
  const auto every_other = [&](po::index chosen, po::index first) {
    return po::view(po::strided_span<double>{memory.data() + chosen, 4, 1},
                    po::strided_span<double>{memory.data() + first, 12, 2}, offsets);
  };
  REQUIRE_FALSE(refused(every_other(40, 0), every_other(50, 1)));
  REQUIRE(refused(every_other(40, 0), every_other(50, 2)));
}

TEST_CASE("entries of the gradient that share memory: refused") {
  std::vector<double> memory(64);
  const auto policy = random_batch<double>(1, 4, 3).policy;
  const auto refused = [&](const po::scores<double>& gradient) {
    return contains(message_of([&] {
                      po::loss_and_gradient(po::exec::seq, po::vanilla(po::objective::dmpo), policy.view(),
                                            po::reference_free, {.gradient = gradient});
                    }),
                    "two entries of gradient are the same memory");
  };
  const auto shaped = [&](po::index chosen_stride, po::index row_stride, po::index column_stride, po::index at = 8) {
    return po::view(po::strided_span<double>{memory.data(), 4, chosen_stride},
                    po::strided_matrix<double>{memory.data() + at, 4, 3, row_stride, column_stride});
  };
  REQUIRE(refused(shaped(0, 3, 1)));     // one chosen for all rows
  REQUIRE(refused(shaped(1, 0, 1)));     // one row for all
  REQUIRE(refused(shaped(1, 3, 0)));     // one column
  REQUIRE(refused(shaped(1, 1, 1)));     // windows that slide
  REQUIRE(refused(shaped(1, 3, 1, 3)));  // chosen over rejected
  REQUIRE_FALSE(refused(shaped(1, 3, 1)));
  REQUIRE_FALSE(refused(shaped(1, 1, 4)));
  REQUIRE_FALSE(refused(shaped(2, 9, 3)));
}

TEST_CASE("scores that are broadcast are fine to read") {
  const std::vector<double> chosen{-1}, rejected{-2, -3, -4};
  const auto shared = po::view(po::strided_span<const double>{chosen.data(), 3, 0},
                               po::strided_matrix<const double>{rejected.data(), 3, 3, 0, 1});
  const auto found = evaluate(po::vanilla(po::objective::sdpo), shared, po::reference_free);
  REQUIRE(same_bits(row_of(found, 0), row_of(found, 2)));
}

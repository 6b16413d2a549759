// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "dynamicpo/error.hpp"
#include "dynamicpo/score/scores.hpp"

/// What is asked of arguments that go together; what is found and what is expected stands in the text.
namespace dynamicpo::inline v1::detail {

template <class P, class R, class Space>
void require_same_shape(const char* where, const char* name, const scores<P, Space>& policy,
                        const scores<R, Space>& other) {
  if (!policy.same_shape(other)) {
    throw_invalid(where, "policy is " + policy.shape() + ", " + name + " is " + other.shape());
  }
}

/// Masks and lengths, which go by the policy.
template <class P, class R, class Space>
void check_marks(const char* where, const scores<P, Space>& policy, const scores<R, Space>& reference) {
  if (reference.masked()) { throw_invalid(where, "the mask belongs to the policy scores, reference carries one"); }
  if (policy.length_normalised() != reference.length_normalised()) {
    throw_invalid(where, std::string("policy is ") + (policy.length_normalised() ? "" : "not ") +
                             "length-normalised, reference is" + (reference.length_normalised() ? "" : " not"));
  }
}

template <class P, class Space>
constexpr void check_reference(const char*, const scores<P, Space>&, const reference_free_t&) {}
template <class P, class R, class Space>
void check_reference(const char* where, const scores<P, Space>& policy, const scores<R, Space>& reference) {
  require_same_shape(where, "reference", policy, reference);
  check_marks(where, policy, reference);
}

/// \param entries  a span of any memory.
template <class Span>
void require_entries(const char* where, const char* name, const Span& entries, index expected) {
  if (static_cast<index>(entries.size()) < expected) {
    throw_invalid(where, std::string(name) + " has " + std::to_string(entries.size()) + " entries, expected " +
                             std::to_string(expected));
  }
}
/// Of what need not be given: none at all will do.
template <class Span>
void require_room(const char* where, const char* name, const Span& entries, index expected) {
  if (!entries.empty()) { require_entries(where, name, entries, expected); }
}

}  // namespace dynamicpo::inline v1::detail

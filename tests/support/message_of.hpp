// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>

namespace test_support {

/// What the Failure says that `call` throws; empty when it throws nothing.
template <class Failure = std::invalid_argument, class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Failure& failure) { return failure.what(); }
  return {};
}

}  // namespace test_support

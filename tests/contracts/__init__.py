"""What every broker must do, told once."""

import pytest

pytest.register_assert_rewrite("tests.contracts.broker_contract")

from dataclasses import dataclass
from typing import Any


@dataclass
class Result:
    record: Any

from tests.bench.ground import Ground
from tests.bench.measurement import Measurement


async def measure(ground: Ground) -> list[Measurement]:
    return []

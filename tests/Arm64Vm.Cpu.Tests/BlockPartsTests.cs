using Arm64Vm.Cpu.Mmu;

namespace Arm64Vm.Cpu.Tests;

public class BlockPartsTests
{
    private const ulong PartBytes = 1UL << BlockParts.PartShift;

    [Fact]
    public void PartsAreThoseThatWereNotedSinceTheyWereTaken()
    {
        BlockParts blocks = new();
        Assert.Equal(0UL, blocks.Take(0x4020_0000));
        blocks.Note(0x4020_0000);
        blocks.Note(0x4020_0000 + (63 * PartBytes) + 0xFFF);
        Assert.Equal(1UL | 1UL << 63, blocks.Find(0x4031_2345));
        Assert.Equal(0UL, blocks.Find(0x4040_0000));
        Assert.Equal(1UL | 1UL << 63, blocks.Take(0x4031_2345));
        Assert.Equal(0UL, blocks.Find(0x4020_0000));
        blocks.Note(0x4020_0000 + PartBytes);
        Assert.Equal(2UL, blocks.Take(0x4020_0000));
    }

    [Fact]
    public void TagBytesNameNoOtherBlock()
    {
        BlockParts blocks = new();
        blocks.Note(0x5A00_0000_4020_0000);
        blocks.Note(0xA5FF_8000_0000_0000);
        Assert.Equal(1UL, blocks.Find(0x4020_0000));
        Assert.Equal(1UL, blocks.Find(0xFFFF_8000_0000_0000));
        Assert.Equal(0UL, blocks.Find(0x007F_8000_0000_0000));
    }

    /// <summary>Many more blocks than slots: what was noted is found until it is taken or all is cleared, whichever blocks share a slot.</summary>
    [Fact]
    public void NothingThatWasNotedIsMissed()
    {
        BlockParts blocks = new();
        Random random = new(5);
        Dictionary<ulong, ulong> noted = [];
        for (int step = 0; step < 100_000; step++)
        {
            ulong block = (ulong)random.Next(3000) << BlockParts.BlockShift;
            int part = random.Next(64);
            switch (random.Next(step < 50_000 ? 3000 : 60))
            {
                case 0:
                    blocks.Clear();
                    noted.Clear();
                    break;
                case < 30:
                    Assert.Equal(noted.GetValueOrDefault(block), blocks.Take(block) & noted.GetValueOrDefault(block));
                    noted.Remove(block);
                    break;
                default:
                    blocks.Note(block + ((ulong)part * PartBytes));
                    noted[block] = noted.GetValueOrDefault(block) | 1UL << part;
                    break;
            }
        }

        Assert.All(noted, entry => Assert.Equal(entry.Value, blocks.Find(entry.Key) & entry.Value));
    }
}

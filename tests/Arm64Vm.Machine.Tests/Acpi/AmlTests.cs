using Arm64Vm.Machine.Acpi.Aml;

namespace Arm64Vm.Machine.Tests.Acpi;

public class AmlTests
{
    [Theory]
    [InlineData(0, new byte[] { 0x01 })]
    [InlineData(62, new byte[] { 0x3F })]
    [InlineData(63, new byte[] { 0x41, 0x04 })] // 65 bytes with both of the length's own
    [InlineData(0xFFD, new byte[] { 0x4F, 0xFF })]
    [InlineData(0xFFE, new byte[] { 0x81, 0x00, 0x01 })]
    [InlineData(0xFFFFC, new byte[] { 0x8F, 0xFF, 0xFF })]
    [InlineData(0xFFFFD, new byte[] { 0xC1, 0x00, 0x00, 0x01 })]
    public void LengthsCountThemselves(int body, byte[] expected) => Assert.Equal(expected, AmlPackaging.Length(body));

    [Theory]
    [InlineData(0ul, new byte[] { 0x00 })]
    [InlineData(1ul, new byte[] { 0x01 })]
    [InlineData(2ul, new byte[] { 0x0A, 0x02 })]
    [InlineData(0x100ul, new byte[] { 0x0B, 0x00, 0x01 })]
    [InlineData(0x1_0000ul, new byte[] { 0x0C, 0x00, 0x00, 0x01, 0x00 })]
    [InlineData(0x40_1000_0000ul, new byte[] { 0x0E, 0x00, 0x00, 0x00, 0x10, 0x40, 0x00, 0x00, 0x00 })]
    public void IntegersTakeTheFewestBytes(ulong value, byte[] expected) => Assert.Equal(expected, AmlData.Integer(value));

    [Theory]
    [InlineData("_HID", "_HID")]
    [InlineData("GED", "GED_")]
    [InlineData("\\_SB", "\\_SB_")]
    [InlineData("\\_SB.PCI0", "\\._SB_PCI0")]
    [InlineData("A.B.C", "/\u0003A___B___C___")]
    public void PathsAreRowsOfFourCharacters(string path, string expected) =>
        Assert.Equal(expected, System.Text.Encoding.ASCII.GetString(AmlNames.Path(path)));

    [Fact]
    public void UuidsAreInTheByteOrderOfTheSpecification() => Assert.Equal(
        [0x11, 0x13, 0x0A, 0x10, 0x5B, 0x4D, 0xDB, 0x33, 0xF7, 0x1F, 0x1C, 0x40, 0x96, 0x57, 0x74, 0x41, 0xC0, 0x3D, 0xD7, 0x66],
        AmlData.Uuid("33db4d5b-1ff7-401c-9657-7441c03dd766"));
}

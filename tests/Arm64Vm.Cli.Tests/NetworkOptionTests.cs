using System.Net;
using Arm64Vm.Cli.Boot;
using Arm64Vm.Devices.Net.User;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Tests;

public class NetworkOptionTests
{
    [Fact]
    public void UserNetworkHasForwards()
    {
        var user = Assert.IsType<UserNetworkConfig>(NetworkOption.Parse("user,forward=2222:22,forward=udp:0.0.0.0:5353:53,forward=[::1]:80:8080,host=off,mac=52:54:00:00:00:01"));
        Assert.Equal(
            [new PortForward(false, IPAddress.Loopback, 2222, 22), new PortForward(true, IPAddress.Any, 5353, 53), new PortForward(false, IPAddress.IPv6Loopback, 80, 8080)],
            user.Forwards);
        Assert.False(user.ReachesHost);
        Assert.Equal("525400000001", user.MacAddress!.ToString());
    }

    [Fact]
    public void OtherNetworksNameWhatTheyArePluggedInto()
    {
        Assert.Equal(new TapNetworkConfig("tap0"), NetworkOption.Parse("tap,ifname=tap0"));
        Assert.Equal(new SocketNetworkConfig("/tmp/a", Listens: true), NetworkOption.Parse("socket,listen=/tmp/a"));
        Assert.Equal(new SocketNetworkConfig("/tmp/a", Listens: false), NetworkOption.Parse("socket,connect=/tmp/a"));
    }

    [Fact]
    public void DevicesSayWhereTheyAreAndWhetherFirmwareBootsFromThem()
    {
        var network = NetworkOption.Parse("tap,ifname=a,bus=pci,boot=on");
        Assert.Equal((VirtioBus.Pci, true), (network.Bus, network.IsBootable));
        Assert.Equal(VirtioBus.Pci, DiskOption.Parse("a,b.img,readonly,bus=pci").Bus);
        Assert.Null(DiskOption.Parse("a.img").Bus);
    }

    [Fact]
    public void DevicesHaveOnePairOfQueuesUnlessToldOtherwise()
    {
        Assert.Equal(1, NetworkOption.Parse("user").Queues);
        Assert.Equal(new TapNetworkConfig("a") { Queues = 4 }, NetworkOption.Parse("tap,ifname=a,queues=4"));
    }

    [Theory]
    [InlineData("user,queues=0")]
    [InlineData("user,queues=33")]
    [InlineData("user,queues=many")]
    [InlineData("user,bus=isa")]
    [InlineData("bridge")]
    [InlineData("user,forward=22")]
    [InlineData("user,forward=0:22")]
    [InlineData("user,forward=70000:22")]
    [InlineData("user,ifname=tap0")]
    [InlineData("user,host=maybe")]
    [InlineData("user,restrict")]
    [InlineData("tap")]
    [InlineData("socket")]
    [InlineData("socket,listen=a,connect=b")]
    [InlineData("user,mac=01:00:00:00:00:00")]
    [InlineData("user,mac=52:54")]
    [InlineData("user,mac=52:54:00:00:00:01,mac=52:54:00:00:00:02")]
    public void MistakesAreSaid(string text) => Assert.Throws<CliException>(() => NetworkOption.Parse(text));
}
